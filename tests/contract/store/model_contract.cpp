// Random operations, each store beside the reference model: every answer, every page at every
// revision, every event must be the same. A failing seed is printed; PADDOCK_SEED=n runs that one.
#include <cstdlib>
#include <random>

#include "storage/memory/memory_store.h"
#include "tests/contract/store/store_fixture.h"

namespace tests {
namespace {

constexpr int kSteps = 400;

std::vector<uint64_t> seeds() {
  if (const char* one = std::getenv("PADDOCK_SEED")) return {std::strtoull(one, nullptr, 10)};
  return {1, 2, 3, 4, 5, 6, 7, 8};
}

std::string told(const Error& error) {
  return std::string("error ") + std::to_string(static_cast<int>(error.reason)) + " key " +
         error.key + " revision " + std::to_string(error.revision);
}
std::string told(Revision revision) {
  return "revision " + std::to_string(revision);
}
std::string told(Unit) {
  return "done";
}
std::string told(const Record& record) {
  return record.key + "=" + record.value + " " + std::to_string(record.created) + ".." +
         std::to_string(record.modified);
}
std::string told(const std::optional<Record>& record) {
  return record ? told(*record) : "absent";
}
std::string told(const Page& page) {
  std::string text = "page at " + std::to_string(page.revision) + (page.more ? " more " : " end ") +
                     std::to_string(page.rest) + ":";
  for (const Record& record : page.records) text += " " + told(record);
  return text;
}
template <class T>
std::string told(const StoreResult<T>& result) {
  return result ? told(*result) : told(result.error());
}

// Draws operations from a seed and gives each to both stores.
class Pair {
 public:
  Pair(uint64_t seed, StoreUnderTest& store) : random_(seed), store_(store), model_(model_env_) {
    follow();
  }

  void step() {
    switch (below(20)) {
      case 0:
        return reopen();
      case 1:
        return compact();
      case 2:
      case 3:
      case 4:
        return list();
      case 5:
      case 6:
        return get();
      default:
        return commit();
    }
  }

  void finish() {
    for (Revision at = kLatest; at <= MUST(model_.current()) + 1; ++at) {
      const List list{.prefix = "", .at = at, .limit_max = 0};
      same(store_->list(list), model_.list(list), "list at " + std::to_string(at));
    }
    CHECK(lines_of(store_sink_->events()) == lines_of(model_sink_->events()));
    CHECK(store_sink_->events() == model_sink_->events());
    CHECK(store_sink_->faults().empty());
  }

 private:
  uint64_t below(uint64_t bound) { return random_() % bound; }
  std::string key() {
    return "/" + std::string(1, static_cast<char>('a' + below(3))) + "/" + std::to_string(below(6));
  }

  // A revision that is mostly right: of a key that is there, of now, of the past, or of nothing.
  Revision some_revision() {
    const Revision now = MUST(model_.current());
    switch (below(4)) {
      case 0:
        return kLatest;
      case 1:
        return now + below(2);
      default:
        return now - std::min(now - 1, below(12));
    }
  }

  Txn some_txn() {
    Txn txn;
    for (uint64_t i = below(3); i > 0; --i) {
      const std::string k = key();
      auto found = MUST(model_.get(k));
      const Revision modified = found ? found->modified : kAbsent;
      txn.checks.push_back({k, below(8) == 0 ? modified + 1 : modified});
    }
    for (uint64_t i = below(4); i > 0; --i) {
      Write write{key(), std::to_string(random_())};
      if (below(3) == 0) write.value.reset();
      if (below(30) == 0) write.value = std::string(below(20'000), 'L');
      txn.writes.push_back(std::move(write));
    }
    return txn;
  }

  void commit() {
    const Txn txn = some_txn();
    same(store_->commit(txn), model_.commit(txn), "commit");
  }
  void get() {
    const std::string k = key();
    const Revision at = some_revision();
    same(store_->get(k, at), model_.get(k, at), "get " + k + " at " + std::to_string(at));
  }
  void list() {
    List list{.at = some_revision(), .limit_max = below(6), .count_rest = below(2) == 0};
    const std::string k = key();
    list.prefix = k.substr(0, below(4));
    if (below(2) == 0) list.after = key();
    same(store_->list(list), model_.list(list), "list " + list.prefix + " after " + list.after);
  }
  void compact() {
    const Revision upto = some_revision();
    same(store_->compact(upto), model_.compact(upto), "compact " + std::to_string(upto));
    same(store_->compacted(), model_.compacted(), "compacted");
  }
  // A durable store is opened again; every store gets a new follower from where the last one was.
  void reopen() {
    const Revision at = store_sink_->upto();
    store_follow_.reset();
    if (store_.durable()) store_.reopen();
    if (at < MUST(model_.compacted())) {
      Recorder late;
      same_reason(store_->follow(at, late), model_.follow(at, late));
      return follow();
    }
    store_follow_ = MUST(store_->follow(std::max(at, kFirstRevision), *store_sink_));
  }

  void follow() {
    store_follow_.reset();
    model_follow_.reset();
    store_sink_ = std::make_unique<Recorder>();
    model_sink_ = std::make_unique<Recorder>();
    const Revision from = MUST(model_.current());
    store_follow_ = MUST(store_->follow(from, *store_sink_));
    model_follow_ = MUST(model_.follow(from, *model_sink_));
  }

  template <class T>
  void same(const StoreResult<T>& got, const StoreResult<T>& expected, const std::string& what) {
    INFO(what);
    REQUIRE(told(got) == told(expected));
  }
  template <class T>
  void same_reason(const StoreResult<T>& got, const StoreResult<T>& expected) {
    REQUIRE(got.ok() == expected.ok());
    if (!got) REQUIRE(got.error().reason == expected.error().reason);
  }

  std::mt19937_64 random_;
  StoreUnderTest& store_;
  ThreadEnv model_env_;
  MemoryStore model_;
  std::unique_ptr<Recorder> store_sink_, model_sink_;
  std::unique_ptr<Follow> store_follow_, model_follow_;
};

SCENARIO("random operations answer as the reference model does", "[contract][store][property]") {
  const std::string name = GENERATE(from_range(all_stores()));
  const uint64_t seed = GENERATE(from_range(seeds()));
  INFO("store " << name << ", replay with PADDOCK_SEED=" << seed);
  StoreUnderTest store(name);
  Pair pair(seed, store);
  for (int step = 0; step < kSteps; ++step) {
    INFO("step " << step);
    pair.step();
  }
  pair.finish();
}

}  // namespace
}  // namespace tests
