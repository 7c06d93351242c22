#include "engine/access/live_streams.h"

#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>

#include "engine/base/answers.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";

// The rare word is looked for before anybody parses: false is no default of either kind.
bool switched_off(const Bytes& bytes) {
  return bytes && bytes->find("\"enabled\":false") != std::string::npos;
}

}  // namespace

struct LiveStreams::Table {
  struct Entry {
    std::string token, user;
    std::mutex mutex;
    std::shared_ptr<StreamSink> sink;
    bool ended = false;

    void opened(const std::shared_ptr<StreamSink>& opened) {
      {
        std::lock_guard lock(mutex);
        if (!ended) {
          sink = opened;
          return;
        }
      }
      opened->abort();
    }
    void end() {
      std::shared_ptr<StreamSink> last;
      {
        std::lock_guard lock(mutex);
        ended = true;
        last.swap(sink);
      }
      if (last) last->abort();
    }
    void closed() {
      std::lock_guard lock(mutex);
      sink.reset();
    }
  };
  using EntryPtr = std::shared_ptr<Entry>;

  mutable std::mutex mutex;
  std::unordered_multimap<std::string, EntryPtr> entries;  // by token

  void add(const EntryPtr& entry) {
    std::lock_guard lock(mutex);
    entries.emplace(entry->token, entry);
  }
  void remove(const EntryPtr& entry) {
    std::lock_guard lock(mutex);
    auto [first, last] = entries.equal_range(entry->token);
    for (; first != last; ++first)
      if (first->second == entry) {
        entries.erase(first);
        return;
      }
  }
  void end_token(const std::string& token) {
    std::list<EntryPtr> found;
    {
      std::lock_guard lock(mutex);
      auto [first, last] = entries.equal_range(token);
      for (; first != last; ++first) found.push_back(first->second);
    }
    for (const auto& entry : found) entry->end();
  }
  void end_user(std::string_view user) {
    std::list<EntryPtr> found;
    {
      std::lock_guard lock(mutex);
      for (const auto& [token, entry] : entries)
        if (entry->user == user) found.push_back(entry);
    }
    for (const auto& entry : found) entry->end();
  }
};

namespace {

// Stands before the handler of a stream and keeps its sink for the table.
template <class Table>
class Guarded final : public StreamHandler {
 public:
  Guarded(std::unique_ptr<StreamHandler> inner, std::shared_ptr<Table> table,
          typename Table::EntryPtr entry)
      : inner_(std::move(inner)), table_(std::move(table)), entry_(std::move(entry)) {}
  ~Guarded() override { table_->remove(entry_); }

  void on_open(std::shared_ptr<StreamSink> sink) override {
    entry_->opened(sink);
    inner_->on_open(std::move(sink));
  }
  void on_bytes(std::string_view bytes) override { inner_->on_bytes(bytes); }
  void on_drained() override { inner_->on_drained(); }
  void on_client_end() override { inner_->on_client_end(); }
  void on_closed() override {
    entry_->closed();
    inner_->on_closed();
  }

 private:
  const std::unique_ptr<StreamHandler> inner_;
  const std::shared_ptr<Table> table_;
  const typename Table::EntryPtr entry_;
};

}  // namespace

LiveStreams::LiveStreams(Dispatcher& dispatcher, KindSet& kinds)
    : dispatcher_(dispatcher), kinds_(kinds), table_(std::make_shared<Table>()) {}

LiveStreams::~LiveStreams() = default;

Result<Unit> LiveStreams::start() {
  auto follow = [&](std::string_view plural, void (LiveStreams::*listen)(const WatchEvent&)) {
    KindPtr kind = kinds_.snapshot()->stored(kGroup, plural);
    Dispatcher::Snapshot ignored;
    return dispatcher_.list_and_subscribe(
        *kind, {}, ignored,
        [this, listen](const WatchEventPtr& event) { (this->*listen)(*event); });
  };
  tokens_ = TRY(follow("tokens", &LiveStreams::follow_tokens));
  users_ = TRY(follow("users", &LiveStreams::follow_users));
  return Unit{};
}

void LiveStreams::follow_tokens(const WatchEvent& event) {
  if (event.type == EventType::deleted || switched_off(event.object)) table_->end_token(event.name);
}

void LiveStreams::follow_users(const WatchEvent& event) {
  if (event.type == EventType::deleted || switched_off(event.object)) table_->end_user(event.name);
}

// Whether both are still there: what ended before the table knew the stream tells it no more.
bool LiveStreams::good(const User& user) const {
  auto there = [&](std::string_view plural, std::string_view name) {
    KindPtr kind = kinds_.snapshot()->stored(kGroup, plural);
    auto cached = dispatcher_.peek(*kind, "", name);
    return cached && !switched_off(cached->bytes);
  };
  return there("tokens", user.token_name) && there("users", user.name);
}

Stream LiveStreams::guard(const User& user, Stream stream) {
  if (user.token_name.empty() || !stream.handler) return stream;
  auto entry = std::make_shared<Table::Entry>();
  entry->token = user.token_name;
  entry->user = user.name;
  table_->add(entry);
  if (!good(user)) entry->end();
  stream.handler =
      std::make_unique<Guarded<Table>>(std::move(stream.handler), table_, std::move(entry));
  return stream;
}

Answer LiveStreams::guard(const User& user, Answer answer) {
  return when_settled(std::move(answer), [this, user](Answer came) {
    if (auto* stream = std::get_if<Stream>(&came)) return Answer(guard(user, std::move(*stream)));
    return came;
  });
}

size_t LiveStreams::open() const {
  std::lock_guard lock(table_->mutex);
  return table_->entries.size();
}

}  // namespace engine
