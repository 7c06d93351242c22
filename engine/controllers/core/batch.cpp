#include "engine/controllers/core/batch.h"

#include <iterator>

#include "engine/base/limits.h"
#include "storage/kv/limits.h"

namespace engine {

namespace {

// Room for what a store counts besides keys and values.
constexpr size_t kBytesMax = storage::kTxnBytesMax / 2;
constexpr size_t kWritesMax = storage::kTxnWritesMax / 2;

class Batch {
 public:
  Batch(Registry& registry, const WriteOptions& as) : registry_(registry), as_(as) {}

  Result<Unit> add(const Json& object) {
    KindPtr kind = kind_of_object(*registry_.kinds().snapshot(), object);
    if (!kind) return Status::internal("no kind for " + dump(object));
    PlannedWrite plan;
    WriteOptions options = as_;
    options.plan = &plan;
    auto made = registry_.create(*kind, object.str({"metadata", "namespace"}), object, options);
    if (!plan.ready) {
      if (made || made.error().is("AlreadyExists")) return Unit{};
      return made.error();
    }
    if (txn_.writes.size() >= kWritesMax || bytes_ + plan.bytes.size() > kBytesMax) TRY(commit({}));
    bytes_ += plan.bytes.size();
    auto append = [](auto& to, auto& from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    append(txn_.checks, plan.txn.checks);
    append(txn_.writes, plan.txn.writes);
    return Unit{};
  }

  Result<Unit> commit(std::vector<storage::Write> also) {
    for (storage::Write& write : also) txn_.writes.push_back(std::move(write));
    for (int i = 0; i < limits::kConflictTriesMax && !txn_.writes.empty(); i++) {
      auto done = registry_.store().commit(txn_);
      if (done) break;
      if (done.error().reason != storage::Reason::conflict || i + 1 == limits::kConflictTriesMax)
        return Status::service_unavailable(done.error().message);
      TRY(leave_out_what_is_there());
    }
    txn_ = {};
    bytes_ = 0;
    return Unit{};
  }

 private:
  // Another write made some of them: theirs stay.
  Result<Unit> leave_out_what_is_there() {
    storage::Txn rest;
    for (storage::Check& check : txn_.checks) {
      auto found = registry_.store().get(check.key);
      if (!found) return Status::service_unavailable(found.error().message);
      if (found.value().has_value() == (check.modified != storage::kAbsent))
        rest.checks.push_back(check);
      else
        std::erase_if(txn_.writes, [&](const auto& write) { return write.key == check.key; });
    }
    rest.writes = std::move(txn_.writes);
    txn_ = std::move(rest);
    return Unit{};
  }

  Registry& registry_;
  const WriteOptions& as_;
  storage::Txn txn_;
  size_t bytes_ = 0;
};

}  // namespace

KindPtr kind_of_object(const KindSnapshot& kinds, const Json& object) {
  std::string_view version = object.str("apiVersion"), group;
  if (size_t slash = version.find('/'); slash != version.npos) {
    group = version.substr(0, slash);
    version = version.substr(slash + 1);
  }
  return kinds.by_kind(group, version, object.str("kind"));
}

Result<Unit> create_together(Registry& registry, const WriteOptions& as, const JsonArray& objects,
                             std::vector<storage::Write> also) {
  Batch batch(registry, as);
  for (const Json& object : objects) TRY(batch.add(object));
  return batch.commit(std::move(also));
}

}  // namespace engine
