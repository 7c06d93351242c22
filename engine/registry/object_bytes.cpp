#include "engine/registry/object_bytes.h"

#include <charconv>

namespace engine {

namespace {

constexpr std::string_view kKind = R"({"kind":")";
constexpr std::string_view kApiVersion = R"(","apiVersion":")";
constexpr std::string_view kMetadata = R"(","metadata":{"resourceVersion":")";

void append_key(std::string& out, const std::string& key) {
  bool plain = true;
  for (char c : key)
    plain = plain && static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
  if (plain) {
    out += '"';
    out += key;
    out += '"';
  } else {
    dump_to(out, Json(key));
  }
}

void append_members(std::string& out, const JsonObject& object,
                    std::initializer_list<std::string_view> without) {
  for (const auto& [key, value] : object) {
    bool skip = false;
    for (std::string_view name : without) skip = skip || key == name;
    if (skip) continue;
    out += ',';
    append_key(out, key);
    out += ':';
    dump_to(out, value);
  }
}

// Where the three parts that serving changes lie. Both names are identifiers without escapes, so
// the first quote ends them.
struct Layout {
  std::string_view kind, api_version;
  std::string_view rest;  // from after the empty resourceVersion's closing quote
};

bool find_layout(std::string_view stored, Layout& out) {
  if (!stored.starts_with(kKind)) return false;
  size_t kind_end = stored.find('"', kKind.size());
  if (kind_end == std::string_view::npos) return false;
  out.kind = stored.substr(kKind.size(), kind_end - kKind.size());
  if (!stored.substr(kind_end).starts_with(kApiVersion)) return false;
  size_t version = kind_end + kApiVersion.size();
  size_t version_end = stored.find('"', version);
  if (version_end == std::string_view::npos) return false;
  out.api_version = stored.substr(version, version_end - version);
  if (!stored.substr(version_end).starts_with(kMetadata)) return false;
  size_t place = version_end + kMetadata.size();
  if (place >= stored.size() || stored[place] != '"') return false;
  out.rest = stored.substr(place + 1);
  return true;
}

}  // namespace

std::string encode_object(std::string_view kind, std::string_view api_version, const Json& object) {
  std::string out;
  out.reserve(1024);
  out.append(kKind).append(kind).append(kApiVersion).append(api_version).append(kMetadata);
  out += '"';
  if (const Json* metadata = object.find("metadata"); metadata != nullptr && metadata->is_object())
    append_members(out, metadata->as_object(), {"resourceVersion"});
  out += '}';
  if (object.is_object())
    append_members(out, object.as_object(), {"kind", "apiVersion", "metadata"});
  out += '}';
  return out;
}

std::string serve_object(std::string_view stored, std::string_view api_version,
                         storage::Revision revision) {
  Layout layout;
  if (!find_layout(stored, layout)) return std::string(stored);
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, revision).ptr;
  std::string out;
  out.reserve(stored.size() + api_version.size() + sizeof digits);
  out.append(kKind).append(layout.kind).append(kApiVersion).append(api_version);
  if (revision == 0) {
    out.append(kMetadata.substr(0, kMetadata.find("\"resourceVersion")));
    std::string_view rest = layout.rest;
    if (rest.starts_with(',')) rest.remove_prefix(1);
    out.append(rest);
  } else {
    out.append(kMetadata).append(digits, end);
    out += '"';
    out.append(layout.rest);
  }
  return out;
}

Result<Json> decode_object(std::string_view stored, std::string_view api_version,
                           storage::Revision revision) {
  auto parsed = parse_json(stored);
  if (!parsed) return Status::internal("a stored object is not JSON: " + parsed.error().message());
  Json object = std::move(parsed).value();
  Json* metadata = object.find("metadata");
  if (metadata == nullptr || !metadata->is_object())
    return Status::internal("a stored object has no metadata");
  if (object.str("apiVersion") != api_version) object.set("apiVersion", Json(api_version));
  metadata->set("resourceVersion", Json(std::to_string(revision)));
  return object;
}

}  // namespace engine
