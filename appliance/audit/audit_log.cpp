#include "appliance/audit/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>

#include "appliance/audit/audit_floods.h"
#include "appliance/audit/audit_segments.h"
#include "engine/access/audit_limits.h"
#include "engine/base/time.h"
#include "storage/base/log.h"

namespace appliance {

using engine::AuditEntry;
using engine::AuditLevel;
using engine::Json;
using engine::Result;
using engine::Status;
using engine::Unit;
namespace limits = engine::limits;

namespace {

constexpr storage::Millis kGather{200};  // entries of so long are written together
constexpr int64_t kLevelMs = 1'000;      // how long a level that was read counts

size_t bytes_of(const AuditEntry& entry) {
  size_t out = sizeof(AuditEntry) + entry.path.size() + entry.agent.size() +
               entry.request.bytes.size() + entry.answer.bytes.size();
  if (const auto* seen = entry.seen.get())
    out += seen->sent.bytes.size() + seen->answered.bytes.size() + seen->before.bytes.size();
  return out;
}

}  // namespace

struct AuditLog::Impl : std::enable_shared_from_this<AuditLog::Impl> {
  Impl(storage::Env& e, AuditOptions o) : env(e), options(std::move(o)), segments(options.dir) {}

  storage::Env& env;
  AuditOptions options;
  std::atomic<int64_t> level_until_ms = 0;
  std::atomic<uint8_t> level_now = 0;

  std::mutex queue_mutex;
  std::deque<AuditEntry> queue;
  size_t queue_bytes = 0;
  bool scheduled = false, ended = false;
  AuditFloods floods;
  bool floods_scheduled = false, floods_due = false;
  uint64_t lost_now = 0;

  std::mutex
      write_mutex;  // the files; taken before queue_mutex, never held by a request that records
  AuditSegments segments;
  int64_t synced_ms = 0, trimmed_ms = 0, complained_ms = 0;
  std::atomic<uint64_t> written = 0, lost = 0, failed = 0, counted = 0;

  int64_t now_ms() const { return engine::unix_millis(env.wall()); }

  void put(AuditEntry entry) {
    const size_t bytes = bytes_of(entry);
    std::lock_guard lock(queue_mutex);
    if (ended) return;
    if (floods.counts(entry, engine::unix_millis(entry.at))) return flooded();
    if (queue.size() >= limits::kAuditQueueMax ||
        queue_bytes + bytes > limits::kAuditQueueBytesMax) {
      ++lost_now;
      ++lost;
      return;
    }
    queue_bytes += bytes;
    queue.push_back(std::move(entry));
    if (scheduled) return;
    scheduled = true;
    env.post_after(kGather, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->work();
    });
  }

  // Counted, with the queue's lock held: told when its interval is over.
  void flooded() {
    ++counted;
    wake_for_floods();
  }

  void wake_for_floods() {
    if (std::exchange(floods_scheduled, true)) return;
    env.post_after(storage::Millis(limits::kAuditFloodMs), [weak = weak_from_this()] {
      auto self = weak.lock();
      if (!self) return;
      {
        std::lock_guard lock(self->queue_mutex);
        self->floods_scheduled = false;
        self->floods_due = true;
      }
      self->work();
    });
  }

  void work() {
    std::lock_guard writing(write_mutex);
    std::deque<AuditEntry> batch;
    uint64_t were_lost = 0;
    engine::JsonArray flood;
    {
      std::lock_guard lock(queue_mutex);
      if (std::exchange(floods_due, false) || ended) {
        flood = floods.take(now_ms(), ended ? AuditFloods::Which::all : AuditFloods::Which::over);
        if (floods.waits() && !ended) wake_for_floods();
      }
      scheduled = false;
      batch.swap(queue);
      queue_bytes = 0;
      were_lost = std::exchange(lost_now, 0);
      // After the end nobody that the options ask is sure to be there.
      if (ended && batch.empty() && were_lost == 0 && flood.empty()) return;
    }
    for (AuditEntry& entry : batch)
      append(engine::record_of(entry, options.read), engine::unix_millis(entry.at));
    for (Json& record : flood) append(std::move(record), now_ms());
    if (were_lost > 0) append(lost_record(were_lost), now_ms());
    finish_batch();
  }

  Json lost_record(uint64_t count) const {
    return Json::object({{"time", engine::to_rfc3339_milli(env.wall())},
                         {"user", "system:paddock"},
                         {"verb", "lost"},
                         {"resource", "auditlogs"},
                         {"count", static_cast<int64_t>(count)},
                         {"why", "more was done than could be written down"},
                         {"code", 500},
                         {"result", "failed"}});
  }

  void append(Json record, int64_t at_ms) {
    std::string line;
    auto done = segments.append(std::move(record), at_ms, line);
    if (!done) return complain(done.error());
    ++written;
    if (options.on_line) options.on_line(line, at_ms);
  }

  void finish_batch() {
    const int64_t now = now_ms();
    // A sync each second at most: the store's own syncs matter more.
    auto done = segments.write_out(now - synced_ms >= 1'000 ? AuditSegments::Sync::yes
                                                            : AuditSegments::Sync::no);
    if (now - synced_ms >= 1'000) synced_ms = now;
    if (!done) complain(done.error());
    if (now - trimmed_ms < 60'000) return;
    trimmed_ms = now;
    segments.trim(now - options.age_days() * 86'400'000, options.size_mb() << 20);
  }

  void complain(const Status& why) {
    ++failed;
    if (now_ms() - complained_ms < 60'000) return;
    complained_ms = now_ms();
    storage::log::error("the audit log cannot be written", {{"why", why.message()}});
  }
};

AuditLog::AuditLog(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuditLog::~AuditLog() {
  stop();
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(storage::Env& env, AuditOptions options) {
  std::error_code error;
  std::filesystem::create_directories(options.dir, error);
  if (error || ::chmod(options.dir.c_str(), 0700) != 0)
    return Status::internal(options.dir + ": the folder of the audit log can't be made: " +
                            (error ? error.message() : std::strerror(errno)));
  return std::unique_ptr<AuditLog>(new AuditLog(std::make_shared<Impl>(env, std::move(options))));
}

AuditLevel AuditLog::level() {
  const int64_t now = impl_->now_ms();
  if (now >= impl_->level_until_ms.load(std::memory_order_relaxed)) {
    impl_->level_until_ms = now + kLevelMs;
    impl_->level_now = static_cast<uint8_t>(impl_->options.level());
  }
  return static_cast<AuditLevel>(impl_->level_now.load(std::memory_order_relaxed));
}

void AuditLog::record(AuditEntry entry) {
  impl_->put(std::move(entry));
}

void AuditLog::flush() {
  impl_->work();
}

void AuditLog::stop() {
  {
    std::lock_guard lock(impl_->queue_mutex);
    if (impl_->ended) return;
    impl_->ended = true;
  }
  impl_->work();
  std::lock_guard writing(impl_->write_mutex);
  if (auto done = impl_->segments.write_out(AuditSegments::Sync::yes); !done)
    impl_->complain(done.error());
}

Result<AuditFound> AuditLog::search(const AuditQuery& query) {
  // What was done before the question is in the answer.
  impl_->work();
  std::lock_guard writing(impl_->write_mutex);
  return impl_->segments.search(query);
}

AuditLog::Numbers AuditLog::numbers() const {
  Numbers out{.written = impl_->written,
              .lost = impl_->lost,
              .failed = impl_->failed,
              .counted = impl_->counted};
  std::lock_guard lock(impl_->queue_mutex);
  out.waiting = impl_->queue.size();
  out.bytes = impl_->segments.bytes();
  return out;
}

}  // namespace appliance
