// Checkpointer: moves the log into the file beside running commits, on a connection and a thread of
// its own. What it does not reach, because commits went on, is little, and the writer moves that
// itself; so no commit waits for the whole of it. Thread: begin() and finished() from the writer.
// Owns: its connection and its thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <semaphore>
#include <thread>

#include "storage/kv/store.h"
#include "storage/sqlite/database.h"

namespace storage {

class Checkpointer {
 public:
  // `on_error` is called on the checkpointer's thread.
  using OnError = std::function<void(const Error&, Severity)>;
  static StoreResult<std::unique_ptr<Checkpointer>> create(const DatabaseOptions& options,
                                                           OnError on_error);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Starts a pass, unless one is under way.
  void begin();
  // True once after each pass that has ended.
  bool finished();
  // Waits for the end of the pass that is under way, if one is.
  void wait();

 private:
  enum class State : uint8_t { idle, working, ended };

  Checkpointer(std::unique_ptr<Database> database, OnError on_error);
  void work();

  std::unique_ptr<Database> database_;
  const OnError on_error_;
  std::atomic<State> state_{State::idle};
  std::atomic<bool> stopping_{false};
  std::binary_semaphore wake_{0};
  std::thread thread_;
};

// One pass over the log as far as readers allow; that a lock is held is no error. What is fatal is
// in the severity.
StoreResult<Unit> checkpoint_passive(Database& database);

}  // namespace storage
