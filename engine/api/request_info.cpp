#include "engine/api/request_info.h"

#include "engine/base/names.h"
#include "engine/base/text.h"
#include "engine/watch/selector.h"

namespace engine {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string> out;
  while (!path.empty()) {
    auto slash = path.find('/');
    out.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return out;
}

std::string verb_of(std::string_view method) {
  if (method == "POST") return "create";
  if (method == "GET" || method == "HEAD") return "get";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  return "";
}

// The name that a field selector demands, as far as it is one.
std::string name_in_selector(std::string_view selector) {
  constexpr std::string_view kField = "metadata.name=";
  size_t from = 0;
  while (from <= selector.size()) {
    auto comma = selector.find(',', from);
    auto term = selector.substr(from, comma - from);
    if (term.starts_with(kField)) {
      auto name = term.substr(kField.size());
      if (name.starts_with('=')) name.remove_prefix(1);
      if (name.find_first_of("\\=") == std::string_view::npos && !name.empty() &&
          check_path_segment(name).empty())
        return std::string(name);
    }
    if (comma == std::string_view::npos) break;
    from = comma + 1;
  }
  return {};
}

void take_names(RequestInfo& info, std::vector<std::string> parts) {
  if (parts[0] == "namespaces" && parts.size() > 1) {
    info.ns = parts[1];
    bool about_namespace = parts.size() == 2 || parts[2] == "status" || parts[2] == "finalize";
    if (!about_namespace) parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.size() >= 3 && info.verb != "proxy") info.subresource = parts[2];
  if (parts.size() >= 2) info.name = parts[1];
  info.resource = parts[0];
  info.parts = std::move(parts);
}

}  // namespace

bool query_flag(const Query& query, std::string_view name) {
  if (!query.has(name)) return false;
  auto text = lower(query.get(name));
  return text != "false" && text != "0";
}

Result<RequestInfo> RequestInfo::parse(const Request& request) {
  RequestInfo info;
  info.path = request.path;
  info.verb = lower(request.method);
  auto parts = split_path(request.path);
  // A path with an empty step means nothing; it must not be taken for one without that step.
  for (const auto& part : parts)
    if (part.empty()) return Status::not_found_path();
  if (parts.size() < 3 || (parts[0] != "api" && parts[0] != "apis")) return info;
  if (parts[0] == "apis" && parts.size() < 4) return info;
  info.api_prefix = parts[0];
  size_t at = 1;
  if (parts[0] == "apis") info.group = parts[at++];
  info.is_resource = true;
  info.version = parts[at++];
  if (parts[at] == "watch" || parts[at] == "proxy") {
    info.verb = parts[at++];
    if (at == parts.size())
      return Status::bad_request("unable to determine kind and namespace from url, " +
                                 request.target);
  } else {
    info.verb = verb_of(request.method);
  }
  parts.erase(parts.begin(), parts.begin() + static_cast<ptrdiff_t>(at));
  take_names(info, std::move(parts));
  if (info.name.empty() && info.verb == "get") {
    info.verb = query_flag(request.query, "watch") ? "watch" : "list";
    info.name = name_in_selector(request.query.get("fieldSelector"));
  }
  if (info.name.empty() && info.verb == "delete") info.verb = "deletecollection";
  return info;
}

Attributes RequestInfo::attributes() const {
  Attributes out;
  out.verb = verb;
  if (!is_resource) {
    out.path = path;
    return out;
  }
  out.group = group;
  out.resource = resource;
  out.subresource = subresource;
  out.ns = ns;
  out.name = name;
  return out;
}

}  // namespace engine
