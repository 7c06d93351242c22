#include <algorithm>

#include "engine/base/limits.h"
#include "engine/registry/managed_fields.h"
#include "engine/registry/metadata.h"
#include "engine/registry/object_bytes.h"
#include "engine/registry/registry_impl.h"
#include "engine/registry/scale.h"

namespace engine {

namespace {

bool is_revision(std::string_view text) {
  return !text.empty() && text.size() <= 19 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// status of `object` over everything else of `old`; the built-in kinds also let metadata through.
void take_status(const Kind& kind, Json& object, const Json& old) {
  Json out = old;
  Json* status = object.find("status");
  if (status == nullptr) {
    out.erase("status");
  } else {
    out.set("status", std::move(*status));
  }
  if (!is_custom(kind)) {
    out.set("metadata", std::move(*object.find("metadata")));
  } else {
    // An apply has recorded its fields in the object already.
    for (std::string_view name : {"resourceVersion", "managedFields"})
      if (const Json* value = object.at({"metadata", name})) metadata_of(out).set(name, *value);
  }
  object = std::move(out);
}

}  // namespace

Result<Written> Registry::update(const Kind& kind, std::string_view ns, std::string_view name,
                                 Json body, const WriteOptions& options) {
  if (options.subresource == "scale")
    return impl_->rescale(kind, ns, name, options, [&](Json) -> Result<Json> { return body; });
  TRY(impl_->decode(kind, body, options, Impl::Source::body));
  bool conditional = !metadata_of(body).str("resourceVersion").empty();
  const Strategy& strategy = impl_->strategies.of(kind);
  if (strategy.create_on_update() && options.subresource.empty() && !conditional) {
    if (options.seen == nullptr && !TRY(impl_->read(kind, ns, name))) {
      if (options.may_create) TRY(options.may_create());
      Json& metadata = metadata_of(body);
      if (metadata.str("name").empty()) metadata.set("name", Json(name));
      if (metadata.str("name") == name)
        return impl_->create(kind, ns, std::move(body), options, Impl::Fields::record);
    }
  }
  return impl_->rewrite(kind, ns, name, options, [&](const Impl::Current&) -> Result<Impl::Wanted> {
    // A conditional update is tried once, so its body need not be kept.
    if (conditional) return Impl::Wanted{std::move(body)};
    return Impl::Wanted{body};
  });
}

Result<Written> Registry::modify(const Kind& kind, std::string_view ns, std::string_view name,
                                 const WriteOptions& options,
                                 const std::function<Result<bool>(Json&)>& change) {
  return impl_->rewrite(kind, ns, name, options,
                        [&](const Impl::Current& current) -> Result<Impl::Wanted> {
                          Impl::Wanted wanted{current.object};
                          wanted.unchanged = !TRY(change(wanted.object));
                          if (wanted.unchanged) return wanted;
                          std::string wrong = tidy_metadata(wanted.object);
                          if (!wrong.empty()) return undecodable(kind, wrong);
                          return wanted;
                        });
}

Result<Object> Registry::get_scale(const Kind& kind, std::string_view ns, std::string_view name) {
  if (!kind.scale) return Status::not_found_path();
  auto current = TRY(impl_->read(kind, ns, name));
  if (!current) return Status::not_found(kind.about(name));
  return Object{std::make_shared<const std::string>(dump(scale_of(kind, current->object))),
                current->revision};
}

Result<Written> Registry::Impl::rescale(const Kind& kind, std::string_view ns,
                                        std::string_view name, const WriteOptions& options,
                                        const std::function<Result<Json>(Json)>& make) {
  if (!kind.scale) return Status::not_found_path();
  auto written =
      TRY(rewrite(kind, ns, name, options, [&](const Current& current) -> Result<Wanted> {
        Wanted wanted{current.object};
        Json scale = TRY(make(scale_of(kind, current.object)));
        TRY(set_scale(kind, scale, wanted.object));
        return wanted;
      }));
  Json scale = scale_of(kind, written.object.json());
  written.object.bytes = std::make_shared<const std::string>(dump(scale));
  return written;
}

Result<Written> Registry::Impl::rewrite(const Kind& kind, std::string_view ns,
                                        std::string_view name, const WriteOptions& options,
                                        const Make& make) {
  for (int i = 0; i < limits::kConflictTriesMax; i++) {
    TRY(in_time(options.deadline));
    auto current = TRY(options.seen != nullptr ? seen(kind, *options.seen) : read(kind, ns, name));
    if (!current) return Status::not_found(kind.about(name));
    Wanted wanted = TRY(make(*current));
    if (wanted.unchanged)
      return Written{object_of(kind, current->stored, current->revision), false};
    auto written = TRY(write_over(kind, ns, name, options, *current, std::move(wanted)));
    if (written) return std::move(*written);
    env.yield("registry.conflict");
  }
  return conflict(kind, name);
}

Result<Unit> Registry::Impl::check_request(const Kind& kind, std::string_view ns,
                                           std::string_view name, Json& object,
                                           const Current& current, const Strategy& strategy) {
  TRY(match_namespace(kind, ns, object));
  Json& metadata = metadata_of(object);
  std::string_view given = metadata.str("name");
  if (given.empty()) {
    metadata.set("name", Json(name));
  } else if (given != name) {
    return Status::bad_request("the name of the object (" + std::string(given) +
                               ") does not match the name on the URL (" + std::string(name) + ")");
  }
  std::string_view uid = metadata.str("uid");
  std::string_view there = metadata_of(current.object).str("uid");
  if (!uid.empty() && uid != there)
    return Status::conflict(kind.about(name),
                            "Precondition failed: UID in precondition: " + std::string(uid) +
                                ", UID in object meta: " + std::string(there));
  std::string_view version = metadata.str("resourceVersion");
  if (version.empty() || version == "0") {
    if (!strategy.unconditional_update(kind))
      return Status::invalid(
          kind.group, kind.plural, std::string(name),
          {cause_invalid("metadata.resourceVersion", Json(0), "must be specified for an update")});
    metadata.set("resourceVersion", Json(std::to_string(current.revision)));
    return Unit{};
  }
  if (!is_revision(version))
    return Status::invalid(
        kind.group, kind.kind, std::string(name),
        {cause_invalid("metadata.resourceVersion", Json(version), "not a resource version")});
  if (version != std::to_string(current.revision)) return conflict(kind, name);
  return Unit{};
}

Result<Unit> Registry::Impl::take_part(const Kind& kind, std::string_view subresource, Json& object,
                                       const Json& old, const Strategy& strategy) {
  if (subresource == "status") {
    take_status(kind, object, old);
    return Unit{};
  }
  if (subresource == "scale") return Unit{};  // only the replicas differ
  if (!subresource.empty()) {
    if (strategy.take_subresource(subresource, object, old)) return Unit{};
    return Status::not_found_path();
  }
  if (!kind.has_subresource("status")) return Unit{};
  if (const Json* status = old.find("status"); status != nullptr) {
    object.set("status", *status);
  } else {
    object.erase("status");
  }
  return Unit{};
}

Result<std::optional<Written>> Registry::Impl::write_over(const Kind& kind, std::string_view ns,
                                                          std::string_view name,
                                                          const WriteOptions& options,
                                                          const Current& current, Wanted wanted) {
  const Strategy& strategy = strategies.of(kind);
  Json& object = wanted.object;
  const Json& old = current.object;
  TRY(check_request(kind, ns, name, object, current, strategy));
  TRY(take_part(kind, options.subresource, object, old, strategy));
  fill_for_update(object, old);
  std::string twice = merge_duplicate_owners(object);
  if (!twice.empty() && options.warnings != nullptr) options.warnings->push_back(twice);
  if (wanted.fields == Fields::record)
    record_update({kind, options.field_manager, options.subresource, env.wall()}, &old, object);

  AdmissionRequest request{AdmissionRequest::Operation::update,
                           kind,
                           ns,
                           name,
                           options.subresource,
                           &object,
                           &old,
                           options.user,
                           options.dry_run};
  TRY(admit_mutating(request));
  StrategyContext context{kind, options.user, env.wall(), options.subresource};
  strategy.prepare_update(context, object, old);
  set_generation(kind, strategy, object, &old);
  TRY(validate(kind, strategy, context, object, &old, options));
  TRY(admit_validating(request));
  return put(kind, ns, name, options, current, strategy, object);
}

Result<std::optional<Written>> Registry::Impl::put(const Kind& kind, std::string_view ns,
                                                   std::string_view name,
                                                   const WriteOptions& options,
                                                   const Current& current, const Strategy& strategy,
                                                   const Json& object) {
  // Nothing holds it any more: the write that says so ends it.
  bool ends = is_terminating(object) && !has_finalizers(object) && !strategy.held(object) &&
              object.integer({"metadata", "deletionGracePeriodSeconds"}) == 0;
  if (!ends && object == current.object)
    return std::optional<Written>(
        Written{object_of(kind, current.stored, current.revision), false});
  std::string bytes = encode(kind, object);
  if (bytes.size() > limits::kObjectBytesMax)
    return Status::too_large("the object is larger than " +
                             std::to_string(limits::kObjectBytesMax) + " bytes");
  std::string key = kind.key(ns, name);
  Party others = TRY(party({kind, ns, name, options.subresource, ends ? nullptr : &object,
                            &current.object, options.user},
                           strategy, key));
  if (options.dry_run)
    return std::optional<Written>(Written{object_of(kind, bytes, current.revision), false});
  Bytes before;
  if (options.user.trail) before = object_of(kind, current.stored, current.revision).bytes;
  if (options.plan != nullptr)
    return planned(options,
                   {.key = std::move(key),
                    .expected = current.revision,
                    .bytes = std::move(bytes),
                    .removes = ends,
                    .trail = options.user.trail,
                    .ns = std::string(ns),
                    .name = std::string(name),
                    .before = std::move(before)},
                   std::move(others));
  std::optional<std::string> value;
  if (!ends) value = bytes;
  auto revision =
      TRY(commit(std::move(key), std::move(value), current.revision, std::move(others)));
  if (!revision) return std::optional<Written>();
  Written out{object_of(kind, bytes, *revision), false};
  tell(options.user, kind, {ns, name}, std::move(before), ends ? nullptr : out.object.bytes);
  return std::optional<Written>(std::move(out));
}

}  // namespace engine
