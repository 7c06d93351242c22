// What the store contract runs on: each store of storage/all.inc in turn, in a folder of its own.
// Thread: one. Owns: the store, its Env, its folder.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/kv/store.h"
#include "storage/kv/store_set.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thread_env.h"

namespace tests {

using namespace storage;

std::vector<std::string> all_stores();
std::vector<std::string> durable_stores();

class StoreUnderTest {
 public:
  explicit StoreUnderTest(const std::string& name);
  Store& operator*() { return *store; }
  Store* operator->() { return store.get(); }
  // Closes and opens again, as a restart of the process does.
  void reopen();
  bool durable() const { return entry_->durable == Durability::disk; }

  ThreadEnv env;
  TempDir dir;
  std::unique_ptr<Store> store;

 private:
  StoreSet set_;
  const StoreEntry* entry_;
};

inline Txn put(std::string key, std::string value) {
  return {{}, {{std::move(key), std::move(value)}}};
}
inline Txn put_if(std::string key, std::string value, Revision modified) {
  return {{{key, modified}}, {{key, std::move(value)}}};
}
inline Txn remove(std::string key) {
  return {{}, {{std::move(key), std::nullopt}}};
}

std::vector<std::string> keys_of(const Page& page);

// Keeps everything it was given, and what of the order was wrong.
class Recorder final : public EventSink {
 public:
  void on_events(std::span<const Event> events, Revision upto) override;
  std::vector<Event> events();
  Revision upto();
  std::vector<std::string> faults();

 private:
  std::mutex mutex_;
  std::vector<Event> events_;
  Revision upto_ = 0;
  bool inside_ = false;
  std::vector<std::string> faults_;
};

// "put /a 1 @5" or "delete /a @6": what a follower saw, in one line each.
std::vector<std::string> lines_of(const std::vector<Event>& events);

}  // namespace tests
