#include "engine/base/limits.h"
#include "engine/base/names.h"
#include "engine/registry/managed_fields.h"
#include "engine/registry/metadata.h"
#include "engine/registry/object_bytes.h"
#include "engine/registry/registry_impl.h"

namespace engine {

namespace {

// metadata and status never count.
bool content_differs(const Kind& kind, const Json& object, const Json& old) {
  bool with_status = !kind.has_subresource("status");
  auto counts = [&](const std::string& name) {
    return name != "metadata" && name != "apiVersion" && name != "kind" &&
           (name != "status" || with_status);
  };
  size_t members = 0;
  for (const auto& [name, value] : object.as_object()) {
    if (!counts(name)) continue;
    members++;
    const Json* before = old.find(name);
    if (before == nullptr || !(*before == value)) return true;
  }
  for (const auto& [name, value] : old.as_object())
    if (counts(name)) members--;
  return members != 0;
}

}  // namespace

bool set_generation(const Kind& kind, const Strategy& strategy, Json& object, const Json* old) {
  if (!strategy.counts_generation(kind)) return false;
  Json& metadata = metadata_of(object);
  if (old == nullptr) {
    metadata.set("generation", Json(1));
    return true;
  }
  if (!content_differs(kind, object, *old)) return false;
  metadata.set("generation", Json(old->integer({"metadata", "generation"}) + 1));
  return true;
}

Result<Written> Registry::Impl::create(const Kind& kind, std::string_view ns, Json object,
                                       const WriteOptions& options, Fields fields) {
  const Strategy& strategy = strategies.of(kind);
  TRY(match_namespace(kind, ns, object));
  fill_for_create(env, object);
  if (kind.has_subresource("status") && !strategy.status_on_create(kind)) object.erase("status");
  set_generation(kind, strategy, object, nullptr);
  std::string twice = merge_duplicate_owners(object);
  if (!twice.empty() && options.warnings != nullptr) options.warnings->push_back(twice);
  if (fields == Fields::record)
    record_update({kind, options.field_manager, options.subresource, env.wall()}, nullptr, object);

  Json& metadata = metadata_of(object);
  std::string prefix(metadata.str("generateName"));
  bool generated = metadata.str("name").empty() && !prefix.empty();
  int tries = generated && strategy.generate_name_retries() ? limits::kGenerateNameTriesMax : 1;
  for (int i = 1;; i++) {
    if (generated) metadata_of(object).set("name", Json(generate_name(env, prefix)));
    bool last = i >= tries;
    auto written = insert(kind, ns, last ? std::move(object) : object, options, strategy);
    if (written || last || !written.error().is("AlreadyExists")) return written;
  }
}

Result<Written> Registry::Impl::insert(const Kind& kind, std::string_view ns, Json object,
                                       const WriteOptions& options, const Strategy& strategy) {
  std::string name(metadata_of(object).str("name"));
  AdmissionRequest request{AdmissionRequest::Operation::create,
                           kind,
                           ns,
                           name,
                           options.subresource,
                           &object,
                           nullptr,
                           options.user,
                           options.dry_run};
  TRY(admit_mutating(request));
  StrategyContext context{kind, options.user, env.wall(), options.subresource};
  strategy.prepare_create(context, object);
  TRY(validate(kind, strategy, context, object, nullptr, options));
  TRY(admit_validating(request));

  std::string bytes = encode(kind, object);
  if (bytes.size() > limits::kObjectBytesMax)
    return Status::too_large("the object is larger than " +
                             std::to_string(limits::kObjectBytesMax) + " bytes");
  std::string key = kind.key(ns, name);
  for (int i = 0; i < limits::kConflictTriesMax; i++) {
    TRY(in_time(options.deadline));
    Party others = TRY(party({kind, ns, name, options.subresource, &object, nullptr, options.user},
                             strategy, key));
    const bool alone = others.alone();
    if (options.dry_run) {
      if (TRY(read(kind, ns, name))) return already_exists(kind, ns, name);
      return Written{object_of(kind, bytes, 0), true};
    }
    if (options.plan != nullptr)
      return planned(options,
                     {.key = key,
                      .bytes = bytes,
                      .created = true,
                      .trail = options.user.trail,
                      .ns = std::string(ns),
                      .name = std::string(name)},
                     std::move(others));
    auto revision = TRY(commit(key, bytes, storage::kAbsent, std::move(others)));
    if (revision) {
      Written out{object_of(kind, bytes, *revision), true};
      tell(options.user, kind, {ns, name}, nullptr, out.object.bytes);
      return out;
    }
    // Whose check did not hold: the object's, or that of what goes with it, which another read
    // tells.
    if (alone || TRY(read(kind, ns, name))) return already_exists(kind, ns, name);
    env.yield("registry.conflict");
  }
  return conflict(kind, name);
}

}  // namespace engine
