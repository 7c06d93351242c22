#include "engine/base/mask.h"
#include "engine/base/yaml.h"
#include "engine/registry/managed_fields.h"
#include "engine/registry/metadata.h"
#include "engine/registry/patch/patches.h"
#include "engine/registry/registry_impl.h"

namespace engine {

namespace {

// The configuration of an apply, checked to be one of this object.
Result<Json> read_config(const Kind& kind, std::string_view name, std::string_view body,
                         std::vector<std::string>& duplicates) {
  auto parsed = parse_yaml(body, {}, &duplicates);
  if (!parsed) return Status::bad_request("error decoding YAML: " + parsed.error().message());
  Json config = std::move(parsed).value();
  if (!config.is_object())
    return Status::bad_request(std::string("error decoding YAML: expected an object, got ") +
                               config.type_name());
  std::string_view version = config.str("apiVersion");
  if (config.str("kind") != kind.kind || version.empty())
    return Status::bad_request(
        "invalid object type: " + std::string(version.find('/') == version.npos ? "/" : "") +
        std::string(version) + ", Kind=" + std::string(config.str("kind")));
  if (version != kind.api_version())
    return Status::bad_request(
        "Incorrect version specified in apply patch. Specified patch version: " +
        std::string(version) + ", expected: " + kind.api_version());
  std::string wrong = tidy_metadata(config);
  if (!wrong.empty()) return undecodable(kind, wrong);
  std::string_view given = metadata_of(config).str("name");
  if (!given.empty() && given != name) {
    return Status::bad_request("the name of the object (" + std::string(given) +
                               ") does not match the name on the URL (" + std::string(name) + ")");
  }
  return config;
}

// Upstream answers what its merge library refuses with a plain 500, and clients know the text.
Result<Unit> check_declared(const Kind& kind, Json& config) {
  std::vector<std::string> unknown = kind.schema().prune(config);
  if (unknown.empty()) return Unit{};
  std::string text = "failed to create typed patch object (" +
                     std::string(metadata_of(config).str("namespace")) + "/" +
                     std::string(metadata_of(config).str("name")) + "; " + kind.group + "/" +
                     kind.version + ", Kind=" + kind.kind + "): ";
  if (unknown.size() > 1) text += "errors:";
  for (const std::string& path : unknown)
    text += (unknown.size() > 1 ? "\n  ." : ".") + path + ": field not declared in schema";
  return Status::other(500, "", std::move(text));
}

Result<Unit> report_duplicates(const std::vector<std::string>& duplicates,
                               const WriteOptions& options) {
  for (const std::string& path : duplicates) {
    std::string text = "duplicate field \"" + path + "\"";
    if (options.field_validation == FieldValidation::strict)
      return Status::bad_request("error strict decoding YAML: " + text);
    if (options.field_validation == FieldValidation::warn && options.warnings != nullptr)
      options.warnings->push_back(std::move(text));
  }
  return Unit{};
}

Result<Unit> patch_object(const Kind& kind, PatchType type, Json& object, Json patch) {
  switch (type) {
    case PatchType::json:
      return json_patch(object, patch);
    case PatchType::merge:
      return merge_patch(object, std::move(patch));
    default:
      return strategic_patch(object, std::move(patch), kind.schema().root());
  }
}

}  // namespace

Result<Written> Registry::Impl::apply(const Kind& kind, std::string_view ns, std::string_view name,
                                      std::string_view body, const WriteOptions& options) {
  if (options.field_manager.empty())
    return Status::invalid("meta.k8s.io", "PatchOptions", "",
                           {cause_required("fieldManager", "is required for apply patch")});
  std::vector<std::string> duplicates;
  Json config = TRY(read_config(kind, name, body, duplicates));
  TRY(report_duplicates(duplicates, options));
  TRY(check_declared(kind, config));
  if (auto decoded = strategies.of(kind).decode(kind, config); !decoded)
    return undecodable(kind, decoded.error().message());
  Force force = options.force ? Force::yes : Force::no;
  auto make = [&](const Json* live) -> Result<Json> {
    FieldsContext context{kind, options.field_manager, options.subresource, env.wall()};
    Json object = TRY(apply_config(context, live, config, force));
    // As the body of another write is, after what it says has been recorded.
    if (!is_custom(kind)) drop_blank(object, &kind.schema().root());
    kind.schema().apply_defaults(object);
    metadata_of(object).set("name", Json(name));
    return object;
  };
  auto rewritten = rewrite(kind, ns, name, options, [&](const Current& current) -> Result<Wanted> {
    return Wanted{TRY(make(&current.object)), Fields::recorded};
  });
  bool absent = !rewritten && rewritten.error().is("NotFound");
  if (!absent || !options.subresource.empty()) return rewritten;
  if (options.may_create) TRY(options.may_create());
  auto created = create(kind, ns, TRY(make(nullptr)), options, Fields::recorded);
  // Somebody else was first: then it is an apply to what they made.
  if (!created && created.error().is("AlreadyExists") && !options.dry_run)
    return rewrite(kind, ns, name, options, [&](const Current& current) -> Result<Wanted> {
      return Wanted{TRY(make(&current.object)), Fields::recorded};
    });
  return created;
}

Result<Written> Registry::patch(const Kind& kind, std::string_view ns, std::string_view name,
                                PatchType type, std::string_view body,
                                const WriteOptions& options) {
  if (type == PatchType::apply && options.subresource == "scale")
    return Status::unsupported_media_type(
        "a Scale is patched by application/json-patch+json or application/merge-patch+json");
  if (type == PatchType::apply) return impl_->apply(kind, ns, name, body, options);
  if (type == PatchType::strategic && is_custom(kind))
    return Status::unsupported_media_type(
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
  WriteOptions with = options;
  auto parsed = parse_json(body, {}, &with.duplicates);
  if (!parsed) return Status::bad_request("error decoding patch: " + parsed.error().message());
  const Json& patch = parsed.value();
  if (options.subresource == "scale")
    return impl_->rescale(kind, ns, name, options, [&](Json scale) -> Result<Json> {
      // A Scale has no lists, so the strategic form is a plain merge.
      if (type == PatchType::json) {
        TRY(json_patch(scale, patch));
      } else {
        TRY(merge_patch(scale, patch));
      }
      return scale;
    });
  auto written = impl_->rewrite(
      kind, ns, name, with, [&](const Impl::Current& current) -> Result<Impl::Wanted> {
        Impl::Wanted wanted{current.object};
        TRY(patch_object(kind, type, wanted.object, patch));
        TRY(impl_->decode(kind, wanted.object, with, Impl::Source::patch, body));
        return wanted;
      });
  // A patch that makes what no decoder takes is itself invalid.
  if (!written && written.error().is("BadRequest") &&
      written.error().message().starts_with(kind.kind + " in version "))
    return Status::invalid("", "", "",
                           {cause_invalid("patch", Json(quotable_body(kind.plural, body)),
                                          written.error().message())});
  return written;
}

}  // namespace engine
