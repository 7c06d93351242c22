#include "engine/api/negotiate.h"

#include <algorithm>
#include <vector>

#include "engine/api/protobuf.h"
#include "engine/base/numbers.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr std::string_view kAccepted = "application/json, application/yaml";
constexpr std::string_view kBodies =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf";

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

struct Clause {
  std::string type;
  std::vector<std::pair<std::string, std::string>> parameters;
  double quality = 1.0;

  std::string_view parameter(std::string_view name) const {
    for (const auto& [key, value] : parameters)
      if (key == name) return value;
    return {};
  }
  int wildcards() const { return type == "*/*" ? 2 : type.ends_with("/*") ? 1 : 0; }
};

Clause parse_clause(std::string_view text) {
  Clause out;
  auto semicolon = text.find(';');
  out.type = lower(trim(text.substr(0, semicolon)));
  while (semicolon != std::string_view::npos) {
    text.remove_prefix(semicolon + 1);
    semicolon = text.find(';');
    auto part = text.substr(0, semicolon);
    auto equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    auto key = lower(trim(part.substr(0, equals)));
    auto value = trim(part.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (key == "q")
      out.quality = parse_real(value).value_or(1.0);
    else
      out.parameters.emplace_back(std::move(key), std::string(value));
  }
  return out;
}

// Best first: by quality, then the more specific.
std::vector<Clause> parse_accept(std::string_view header) {
  std::vector<Clause> out;
  while (!header.empty()) {
    auto comma = header.find(',');
    auto text = trim(header.substr(0, comma));
    if (!text.empty()) out.push_back(parse_clause(text));
    if (comma == std::string_view::npos) break;
    header.remove_prefix(comma + 1);
  }
  std::stable_sort(out.begin(), out.end(), [](const Clause& a, const Clause& b) {
    return a.quality != b.quality ? a.quality > b.quality : a.wildcards() < b.wildcards();
  });
  return out;
}

bool choose_shape(const Clause& clause, Transforms transforms, Output& out) {
  auto as = clause.parameter("as");
  if (as.empty() && clause.parameter("g").empty() && clause.parameter("v").empty()) return true;
  auto version = clause.parameter("v");
  if (transforms == Transforms::none || clause.parameter("g") != "meta.k8s.io") return false;
  if (version != "v1" && version != "v1beta1") return false;
  if (as == "Table")
    out.shape = Shape::table;
  else if (as == "PartialObjectMetadata")
    out.shape = Shape::metadata;
  else if (as == "PartialObjectMetadataList")
    out.shape = Shape::metadata_list;
  else
    return false;
  out.meta_version = version;
  return true;
}

bool choose(const Clause& clause, Transforms transforms, Output& out) {
  const auto& type = clause.type;
  if (type == "application/json" || type == "application/*" || type == "*/*") {
    out.media = Media::json;
  } else if (type == "application/yaml") {
    out.media = Media::yaml;
  } else {
    return false;
  }
  if (auto stream = clause.parameter("stream"); !stream.empty() && stream != "watch") return false;
  if (auto served = clause.parameter("sv"); !served.empty() && served != "v1") return false;
  if (!choose_shape(clause, transforms, out)) return false;
  if (clause.parameter("pretty") == "1") out.pretty = true;
  return true;
}

// People at a terminal or in a browser get line breaks.
bool wants_pretty(const Request& request) {
  if (auto pretty = request.query.get("pretty"); !pretty.empty())
    return pretty == "1" || pretty == "t" || pretty == "T" || lower(pretty) == "true";
  auto agent = request.headers.get("User-Agent");
  return agent.starts_with("curl") || agent.starts_with("Wget") || agent.starts_with("Mozilla/5.0");
}

Result<Output> negotiate(const Request& request, Transforms transforms) {
  auto header = request.headers.get("Accept");
  Output out;
  if (header.empty()) return out;
  for (const auto& clause : parse_accept(header)) {
    out = {};
    if (choose(clause, transforms, out)) return out;
  }
  return Status::not_acceptable(std::string(kAccepted));
}

Result<Unit> take_table_options(const Request& request, Output& out) {
  if (out.shape != Shape::table) return Unit{};
  out.include_object = request.query.get("includeObject");
  const auto& include = out.include_object;
  if (include.empty() || include == "None" || include == "Metadata" || include == "Object")
    return Unit{};
  return Status::bad_request(
      "Unable to convert to Table as requested: includeObject: Invalid value: \"" + include +
      "\": must be 'Metadata', 'Object', 'None', or empty");
}

}  // namespace

std::string media_type(std::string_view header) {
  return lower(trim(header.substr(0, header.find(';'))));
}

Result<Output> negotiate_output(const Request& request, Transforms transforms) {
  auto out = TRY(negotiate(request, transforms));
  TRY(take_table_options(request, out));
  out.pretty = out.pretty || wants_pretty(request);
  return out;
}

Result<Output> negotiate_watch(const Request& request) {
  auto out = negotiate(request, Transforms::all);
  if (!out || out->media != Media::json)
    return Status::not_acceptable("application/json;stream=watch");
  TRY(take_table_options(request, *out));
  return out;
}

Result<Media> negotiate_input(const Request& request) {
  auto type = media_type(request.headers.get("Content-Type"));
  if (type.empty() || type == "application/json") return Media::json;
  if (type == "application/yaml") return Media::yaml;
  if (type == kProtobufMediaType) return Media::protobuf;
  return Status::unsupported_media_type(
      "the body of the request was in an unknown format - accepted media types include: " +
      std::string(kBodies));
}

}  // namespace engine
