#include "engine/base/limits.h"
#include "engine/base/time.h"
#include "engine/registry/metadata.h"
#include "engine/registry/object_bytes.h"
#include "engine/registry/registry_impl.h"

namespace engine {

namespace {

constexpr std::string_view kOrphan = "orphan";
constexpr std::string_view kForeground = "foregroundDeletion";

Result<Unit> check_preconditions(const Kind& kind, std::string_view name, const Json& object,
                                 const Precondition& wanted) {
  const Json& metadata = metadata_of(object);
  std::string_view uid = metadata.str("uid");
  // Here upstream names the kind where other conflicts name the resource.
  About about{kind.group, kind.kind, std::string(name)};
  if (!wanted.uid.empty() && wanted.uid != uid)
    return Status::conflict(about, "the UID in the precondition (" + wanted.uid +
                                       ") does not match the UID in record (" + std::string(uid) +
                                       "). The object might have been deleted and then recreated");
  std::string_view version = metadata.str("resourceVersion");
  if (!wanted.resource_version.empty() && wanted.resource_version != version)
    return Status::conflict(
        about, "the ResourceVersion in the precondition (" + wanted.resource_version +
                   ") does not match the ResourceVersion in record (" + std::string(version) +
                   "). The object might have been modified");
  return Unit{};
}

// What the client asked for about dependents is kept as a finalizer, which the garbage collector
// takes off when it has done so. Without a word from the client the object's own finalizers decide.
void choose_finalizers(Json& object, Propagation propagation) {
  if (propagation == Propagation::by_default) return;
  if (propagation == Propagation::orphan) {
    add_finalizer(object, kOrphan);
  } else {
    drop_finalizer(object, kOrphan);
  }
  if (propagation == Propagation::foreground) {
    add_finalizer(object, kForeground);
  } else {
    drop_finalizer(object, kForeground);
  }
}

// What is left of the time that the object may go on.
int64_t grace_left(const Strategy& strategy, const Json& object, std::optional<int64_t> asked) {
  int64_t grace = strategy.grace_seconds(object, asked);
  if (!is_terminating(object)) return grace;
  const Json* before = object.at({"metadata", "deletionGracePeriodSeconds"});
  int64_t set = before != nullptr && before->is_int() ? before->as_int() : 0;
  if (!asked) return set;
  return std::min(grace, set);  // only ever shorter
}

void mark_terminating(Json& object, storage::WallTime now, int64_t grace) {
  Json& metadata = metadata_of(object);
  bool first = metadata.find("deletionTimestamp") == nullptr;
  const Json* before = metadata.find("deletionGracePeriodSeconds");
  bool shorter = before != nullptr && before->is_int() && grace < before->as_int();
  if (!first && !shorter) return;
  metadata.set("deletionTimestamp", Json(to_rfc3339(now + storage::Seconds(grace))));
  metadata.set("deletionGracePeriodSeconds", Json(grace));
  if (int64_t generation = object.integer({"metadata", "generation"}); first && generation > 0)
    metadata.set("generation", Json(generation + 1));
}

}  // namespace

Result<Removed> Registry::Impl::remove(const Kind& kind, std::string_view ns, std::string_view name,
                                       const RemoveOptions& options) {
  const Strategy& strategy = strategies.of(kind);
  for (int i = 0; i < limits::kConflictTriesMax; i++) {
    TRY(in_time(options.deadline));
    auto current = TRY(read(kind, ns, name));
    if (!current) return Status::not_found(kind.about(name));
    const Json& old = current->object;
    TRY(check_preconditions(kind, name, old, options.precondition));
    AdmissionRequest request{AdmissionRequest::Operation::remove,
                             kind,
                             ns,
                             name,
                             "",
                             nullptr,
                             &old,
                             options.user,
                             options.dry_run};
    TRY(admit_mutating(request));
    TRY(admit_validating(request));

    Json object = old;
    bool marked = is_terminating(object);
    if (!marked) strategy.prepare_remove({kind, options.user, env.wall(), ""}, object);
    choose_finalizers(object, options.propagation);
    int64_t grace = grace_left(strategy, object, options.grace_period_seconds);
    bool stays = has_finalizers(object) || strategy.held(object) || grace > 0;
    bool by_strategy = !marked && is_terminating(object);
    if (stays && !by_strategy) mark_terminating(object, env.wall(), grace);
    if (stays && object == old)
      return Removed{object_of(kind, current->stored, current->revision), false};

    Bytes before;
    if (options.user.trail) before = object_of(kind, current->stored, current->revision).bytes;
    std::string bytes = stays ? encode(kind, object) : std::move(current->stored);
    std::string key = kind.key(ns, name);
    Party others = TRY(
        party({kind, ns, name, "", stays ? &object : nullptr, &old, options.user}, strategy, key));
    if (options.dry_run) return Removed{object_of(kind, bytes, current->revision), !stays};
    std::optional<std::string> value;
    if (stays) value = bytes;
    auto revision =
        TRY(commit(std::move(key), std::move(value), current->revision, std::move(others)));
    if (revision) {
      Removed out{object_of(kind, bytes, *revision), !stays};
      tell(options.user, kind, {ns, name}, std::move(before), stays ? out.object.bytes : nullptr);
      return out;
    }
    env.yield("registry.conflict");
  }
  return conflict(kind, name);
}

}  // namespace engine
