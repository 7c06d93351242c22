#include "engine/api/respond.h"

#include "engine/base/yaml.h"
#include "engine/watch/object_scan.h"
#include "engine/watch/shape.h"

namespace engine {
namespace {

constexpr size_t kWarningBytesMax = 4096;  // of all warnings of one answer, as upstream
constexpr size_t kWarningTextMax = 256;

// What is not text in a header is left out of the warning.
std::string header_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      out += ' ';
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else
      out += c;
  }
  return out;
}

void add_warnings(Response& response, const std::vector<std::string>& warnings) {
  size_t total = 0;
  for (size_t i = 0; i < warnings.size(); ++i) {
    bool repeated = false;
    for (size_t k = 0; k < i; ++k) repeated = repeated || warnings[k] == warnings[i];
    if (repeated) continue;
    std::string_view text = warnings[i];
    if (total + text.size() > kWarningBytesMax) text = text.substr(0, kWarningTextMax);
    total += text.size();
    if (total > kWarningBytesMax) return;
    response.headers.add("Warning", "299 - \"" + header_text(text) + "\"");
  }
}

Response make_response(ApiCall& call, const Output& output, int status, std::string body) {
  Response out;
  out.status = status;
  out.headers.set("Content-Type", std::string(output.content_type()));
  out.headers.set("Cache-Control", "no-cache, private");
  add_warnings(out, call.warnings);
  out.body = std::move(body);
  return out;
}

// JSON text in the form that the client reads.
Result<std::string> in_form(const Output& output, std::string json) {
  if (output.media == Media::json && !output.pretty) {
    json += '\n';
    return json;
  }
  // People read with curl, whole lists too: no Json is made of them for that.
  if (output.media == Media::json) return indented(json) + "\n";
  JsonLimits limits;
  limits.bytes_max = SIZE_MAX;  // our own bytes
  auto value = parse_json(json, limits);
  if (!value) return Status::internal("an object cannot be read back: " + value.error().message());
  return to_yaml(*value);
}

Result<std::string> table_text(ApiCall& call, const Output& output, const ListAnswer& list) {
  return table_text(*call.kind, output, list, TableHeaders::with, call.parts.env.wall());
}

std::string json_text(std::string_view text) {
  return dump(Json(text));
}

std::string list_head(std::string_view kind, std::string_view api_version, const ListAnswer& list) {
  std::string out = R"({"kind":)" + json_text(kind) + R"(,"apiVersion":)" + json_text(api_version) +
                    R"(,"metadata":{"resourceVersion":")" + std::to_string(list.revision) + '"';
  if (!list.continue_token.empty()) {
    out += R"(,"continue":")" + list.continue_token + '"';
    if (list.remaining > 0) out += R"(,"remainingItemCount":)" + std::to_string(list.remaining);
  }
  out += R"(},"items":[)";
  return out;
}

bool other_version(const Kind& kind) {
  return kind.conversion || (!kind.storage_version.empty() && kind.storage_version != kind.version);
}

// Long lists go out as their objects lie in the cache; a short one is quicker as one body.
constexpr size_t kPartsBytesMin = 1u << 20;

size_t list_bytes(const ListAnswer& list) {
  size_t bytes = 0;
  for (const auto& object : list.objects) bytes += object->size() + 1;
  return bytes;
}

bool is_long(const ListAnswer& list) {
  size_t bytes = 0;
  for (const auto& object : list.objects)
    if (bytes += object->size() + 1; bytes >= kPartsBytesMin) return true;
  return false;
}

Response list_of_parts(ApiCall& call, const Output& output, const ListAnswer& list) {
  const Kind& kind = *call.kind;
  Response out =
      make_response(call, output, 200, list_head(kind.list_kind, kind.api_version(), list));
  out.parts = std::make_shared<const Parts>(Parts::List(list.objects.begin(), list.objects.end()),
                                            ",", "]}\n");
  return out;
}

std::string plain_list(const Kind& kind, const ListAnswer& list) {
  std::string out = list_head(kind.list_kind, kind.api_version(), list);
  out.reserve(out.size() + list_bytes(list) + 3);
  bool convert = other_version(kind);
  for (const auto& object : list.objects) {
    if (out.back() != '[') out += ',';
    out += convert ? *as_kind(kind, object) : *object;
  }
  out += "]}";
  return out;
}

std::string metadata_list(const Output& output, const ListAnswer& list) {
  std::string out =
      list_head("PartialObjectMetadataList", "meta.k8s.io/" + output.meta_version, list);
  for (const auto& object : list.objects) {
    if (out.back() != '[') out += ',';
    out += partial_metadata(*object, output.meta_version);
  }
  out += "]}";
  return out;
}

}  // namespace

std::string partial_metadata(std::string_view object, std::string_view meta_version) {
  std::string out = R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/)";
  out += meta_version;
  out += R"(","metadata":)";
  auto metadata = scan(object, {"metadata"});
  out += metadata.empty() ? std::string_view("{}") : metadata;
  out += '}';
  return out;
}

Result<Response> respond_object(ApiCall& call, const Output& output, int status,
                                const Bytes& object) {
  switch (output.shape) {
    case Shape::metadata_list:
      return Status::other(406, "NotAcceptable",
                           "you requested PartialObjectMetadataList, but the requested object is "
                           "not a list (" +
                               call.kind->kind + ")");
    case Shape::metadata:
      return make_response(call, output, status,
                           TRY(in_form(output, partial_metadata(*object, output.meta_version))));
    case Shape::table: {
      std::vector<Bytes> one{object};
      ListAnswer list;
      list.objects = one;
      return make_response(call, output, status,
                           TRY(in_form(output, TRY(table_text(call, output, list)))));
    }
    default:
      break;
  }
  // A Scale is of its own group, whatever it is the scale of.
  bool scale = call.info.subresource == "scale";
  auto bytes = scale ? object : as_kind(*call.kind, object);
  return make_response(call, output, status, TRY(in_form(output, *bytes)));
}

Result<Response> respond_json(ApiCall& call, const Output& output, int status, const Json& value) {
  return make_response(call, output, status, TRY(in_form(output, dump(value))));
}

Result<Response> respond_list(ApiCall& call, const Output& output, const ListAnswer& list) {
  switch (output.shape) {
    case Shape::metadata:
      return Status::other(406, "NotAcceptable",
                           "you requested PartialObjectMetadata, but the requested object is a "
                           "list (" +
                               call.kind->list_kind + ")");
    case Shape::metadata_list:
      return make_response(call, output, 200, TRY(in_form(output, metadata_list(output, list))));
    case Shape::table:
      return make_response(call, output, 200,
                           TRY(in_form(output, TRY(table_text(call, output, list)))));
    default:
      break;
  }
  bool as_they_lie = output.media == Media::json && !output.pretty && !other_version(*call.kind);
  if (as_they_lie && is_long(list)) return list_of_parts(call, output, list);
  return make_response(call, output, 200, TRY(in_form(output, plain_list(*call.kind, list))));
}

}  // namespace engine
