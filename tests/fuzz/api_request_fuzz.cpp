// room: engine_api
// Paths, queries and Accept headers of the Kubernetes API: whatever comes, reading it ends, and
// what it says fits together. First line: method; second: path?query; third: Accept; rest: a body.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/api/options.h"
#include "engine/api/request_info.h"
#include "engine/api/status_writer.h"

using namespace engine;

std::vector<std::string> fuzz_seeds() {
  return {
      "GET\n/api/v1/namespaces/default/configmaps/a?resourceVersion=0&pretty=true\napplication/"
      "json",
      "GET\n/apis/apps/v1/namespaces/x/deployments?watch=1&timeoutSeconds=5&limit=3\n"
      "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;q=0.5,*/*;q=0.1",
      "DELETE\n/api/v1/namespaces/x?dryRun=All&propagationPolicy=Orphan\n\n"
      R"({"kind":"DeleteOptions","preconditions":{"uid":"u"},"gracePeriodSeconds":0})",
      "PATCH\n/api/v1/namespaces/x/status?fieldManager=m&force=1&fieldValidation=Strict\n*/*",
      "GET\n/api/v1/watch/namespaces/x/pods?fieldSelector=metadata.name%3Dp&continue="
      "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiJhL2JcdTAwMDAifQ\n",
  };
}

namespace {

std::string take_line(std::string_view& text) {
  auto end = text.find('\n');
  std::string line(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

template <class T>
bool says_why(const Result<T>& result) {
  return result || (!result.error().message().empty() && result.error().code() >= 400);
}

}  // namespace

int fuzz_one(std::span<const std::byte> input) {
  std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  Request request;
  request.method = take_line(text);
  request.target = take_line(text);
  request.path = request.target.substr(0, request.target.find('?'));
  if (request.path.size() < request.target.size())
    request.raw_query = request.target.substr(request.path.size() + 1);
  request.query = Query::parse(request.raw_query);
  if (auto accept = take_line(text); !accept.empty()) request.headers.add("Accept", accept);
  request.body = text;
  auto info = RequestInfo::parse(request);
  if (!says_why(info)) return 1;
  if (info && info->is_resource &&
      (info->resource.empty() || info->parts.empty() || info->parts[0] != info->resource))
    return 2;
  if (info && !info->subresource.empty() && info->name.empty()) return 3;
  if (!says_why(negotiate_output(request, Transforms::all))) return 4;
  if (!says_why(negotiate_watch(request)) || !says_why(negotiate_input(request))) return 5;
  if (!says_why(ListOptions::parse(request.query, std::nullopt))) return 6;
  if (!says_why(parse_write_options(request, WriteVerb::apply))) return 7;
  if (!says_why(parse_delete_options(request))) return 8;
  auto token = ContinueToken::decode(request.query.get("continue"));
  if (!says_why(token)) return 9;
  if (token) {
    auto again = ContinueToken::decode(token->encode());
    if (!again || again->after_key != token->after_key || again->revision != token->revision)
      return 10;
  }
  auto refused = status_response(request, Status::not_found_path());
  return refused.status == 404 && !refused.body.empty() ? 0 : 11;
}
