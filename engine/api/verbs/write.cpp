// POST, PUT, PATCH and DELETE of one object, and DELETE of many.
#include <algorithm>

#include "engine/api/options.h"
#include "engine/api/protobuf.h"
#include "engine/api/respond.h"
#include "engine/api/status_writer.h"
#include "engine/base/yaml.h"
#include "engine/watch/object_scan.h"
#include "engine/watch/selector.h"

namespace engine {
namespace {

// Resources whose finished delete answers with the object rather than with a Status, as upstream.
constexpr std::string_view kDeleteAnswersObject[] = {
    "/pods",
    "/services",
    "/serviceaccounts",
    "/persistentvolumes",
    "/persistentvolumeclaims",
    "/podtemplates",
    "/resourcequotas",
    "storage.k8s.io/storageclasses",
    "storage.k8s.io/csidrivers",
    "storage.k8s.io/csinodes",
    "storage.k8s.io/volumeattachments",
};

bool delete_answers_object(const Kind& kind) {
  std::string name = kind.group + "/" + kind.plural;
  return std::find(std::begin(kDeleteAnswersObject), std::end(kDeleteAnswersObject), name) !=
         std::end(kDeleteAnswersObject);
}

// The beginning of a body, for the error that says it was not understood.
std::string summary(std::string_view body) {
  constexpr size_t kShown = 30;
  if (body.empty()) return "<empty>";
  std::string out;
  if (body.front() == '{') {
    out = body.substr(0, kShown);
  } else {
    static constexpr char kDigits[] = "0123456789abcdef";
    for (unsigned char c : body.substr(0, kShown)) {
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    }
  }
  if (body.size() > kShown) out += " ...";
  return out;
}

Result<PatchType> patch_type(const ApiCall& call) {
  auto type = media_type(call.request.headers.get("Content-Type"));
  bool custom = is_custom(*call.kind);
  if (type == "application/json-patch+json") return PatchType::json;
  if (type == "application/merge-patch+json") return PatchType::merge;
  if (type == "application/strategic-merge-patch+json" && !custom) return PatchType::strategic;
  if (type == "application/apply-patch+yaml") return PatchType::apply;
  return Status::unsupported_media_type(
      "the body of the request was in an unknown format - accepted media types include: "
      "application/json-patch+json, application/merge-patch+json, " +
      std::string(custom ? "" : "application/strategic-merge-patch+json, ") +
      "application/apply-patch+yaml");
}

// A write that would make the object needs the right to create, too.
Result<Unit> require_create_if_absent(ApiCall& call) {
  auto there = call.parts.registry.get(*call.kind, call.info.ns, call.info.name);
  if (there || !there.error().is("NotFound")) return Unit{};
  return require(call, "create");
}

Result<Answer> answer_written(ApiCall& call, const Output& output, const Written& written,
                              int status) {
  return TRY(respond_object(call, output, status, written.object.bytes));
}

Result<Answer> answer_removed(ApiCall& call, const Output& output, const Removed& removed,
                              const DeleteOptions& options) {
  if (!removed.gone) {
    int status = options.answers_accepted ? 202 : 200;
    return TRY(respond_object(call, output, status, removed.object.bytes));
  }
  if (delete_answers_object(*call.kind))
    return TRY(respond_object(call, output, 200, removed.object.bytes));
  auto uid = scan_text(scan(*removed.object.bytes, {"metadata", "uid"}));
  return TRY(respond_json(call, output, 200,
                          success_json(call.info.name, call.kind->group, call.kind->plural, uid)));
}

}  // namespace

Result<Json> decode_body(ApiCall& call, WriteOptions& options) {
  Media media = TRY(negotiate_input(call.request));
  const std::string& body = call.request.body;
  if (media == Media::protobuf && is_custom(*call.kind))
    return Status::unsupported_media_type(
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json, application/yaml");
  auto parsed = media == Media::json   ? parse_json(body, {}, &options.duplicates)
                : media == Media::yaml ? parse_yaml(body, {}, &options.duplicates)
                                       : decode_protobuf(body);
  if (parsed && parsed->is_object()) return parsed;
  std::string why = parsed ? std::string("expected an object, got ") + parsed->type_name()
                           : parsed.error().message();
  return Status::bad_request("the object provided is unrecognized (must be of type " +
                             call.kind->kind + "): " + why + " (" + summary(body) + ")");
}

Result<Answer> verb_create(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  auto options = TRY(parse_write_options(call.request, WriteVerb::create));
  options.warnings = &call.warnings;
  options.deadline = call.until;
  auto body = TRY(decode_body(call, options));
  auto written =
      TRY(call.parts.registry.create(*call.kind, call.info.ns, std::move(body), options));
  return answer_written(call, output, written, 201);
}

Result<Answer> verb_update(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  auto options = TRY(parse_write_options(call.request, WriteVerb::update));
  options.warnings = &call.warnings;
  options.deadline = call.until;
  options.subresource = call.info.subresource;
  auto body = TRY(decode_body(call, options));
  if (body.str({"metadata", "name"}).empty())
    return Status::bad_request("the name of the object (" + call.info.name +
                               " based on URL) was undeterminable: name must be provided");
  if (body.str({"metadata", "resourceVersion"}).empty()) TRY(require_create_if_absent(call));
  auto written = TRY(call.parts.registry.update(*call.kind, call.info.ns, call.info.name,
                                                std::move(body), options));
  return answer_written(call, output, written, written.created ? 201 : 200);
}

Result<Answer> verb_patch(ApiCall& call) {
  auto type = TRY(patch_type(call));
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  auto options = TRY(parse_write_options(
      call.request, type == PatchType::apply ? WriteVerb::apply : WriteVerb::patch));
  options.warnings = &call.warnings;
  options.deadline = call.until;
  options.subresource = call.info.subresource;
  if (type == PatchType::apply) TRY(require_create_if_absent(call));
  auto written = TRY(call.parts.registry.patch(*call.kind, call.info.ns, call.info.name, type,
                                               call.request.body, options));
  return answer_written(call, output, written, written.created ? 201 : 200);
}

Result<Answer> verb_delete(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  auto options = TRY(parse_delete_options(call.request));
  options.remove.deadline = call.until;
  auto removed =
      TRY(call.parts.registry.remove(*call.kind, call.info.ns, call.info.name, options.remove));
  return answer_removed(call, output, removed, options);
}

Result<Answer> verb_delete_collection(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  auto list_options = TRY(ListOptions::parse(call.request.query, false));
  auto options = TRY(parse_delete_options(call.request));
  options.remove.deadline = call.until;
  auto selector = TRY(Selector::parse(*call.kind, list_options.labels, list_options.fields));
  TRY(call.parts.dispatcher.fresh(call.deadline()));
  auto found =
      TRY(call.parts.dispatcher.list(*call.kind, call.info.ns, &selector, "", list_options.limit));
  std::vector<Bytes> objects;
  for (const auto& object : found.objects) {
    auto removed = call.parts.registry.remove(*call.kind, object->ns, object->name, options.remove);
    // Somebody else may have been faster; that it is gone is what was asked for.
    if (!removed && removed.error().code() != 404) return removed.error();
    objects.push_back(object->bytes);
  }
  ListAnswer list;
  list.objects = objects;
  list.revision = found.revision;
  return TRY(respond_list(call, output, list));
}

}  // namespace engine
