#include "engine/api/status_writer.h"

#include "engine/base/yaml.h"

namespace engine {
namespace {

Json causes_json(const std::vector<Cause>& causes) {
  Json out = Json::array();
  for (const auto& cause : causes) {
    Json one = Json::object();
    if (!cause.reason.empty()) one.set("reason", cause.reason);
    if (!cause.message.empty()) one.set("message", cause.message);
    if (!cause.field.empty()) one.set("field", cause.field);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Json status_json(const Status& status) {
  Json out = Json::object({{"kind", "Status"}, {"apiVersion", "v1"}});
  Json metadata = Json::object();
  if (!status.continue_token().empty()) metadata.set("continue", status.continue_token());
  out.set("metadata", std::move(metadata));
  out.set("status", "Failure");
  if (!status.message().empty()) out.set("message", status.message());
  if (!status.reason().empty()) out.set("reason", status.reason());
  Json details = Json::object();
  if (!status.name().empty()) details.set("name", status.name());
  if (!status.group().empty()) details.set("group", status.group());
  if (!status.kind().empty()) details.set("kind", status.kind());
  if (!status.causes().empty()) details.set("causes", causes_json(status.causes()));
  if (status.retry_after_seconds() > 0)
    details.set("retryAfterSeconds", status.retry_after_seconds());
  // Upstream gives details to errors about an object, even when they are empty.
  if (details.size() > 0 || status.code() == 404) out.set("details", std::move(details));
  out.set("code", status.code());
  return out;
}

Json success_json(std::string_view name, std::string_view group, std::string_view kind,
                  std::string_view uid) {
  Json details = Json::object();
  if (!name.empty()) details.set("name", name);
  if (!group.empty()) details.set("group", group);
  if (!kind.empty()) details.set("kind", kind);
  if (!uid.empty()) details.set("uid", uid);
  return Json::object({{"kind", "Status"},
                       {"apiVersion", "v1"},
                       {"metadata", Json::object()},
                       {"status", "Success"},
                       {"details", std::move(details)}});
}

Response status_response(const Request& request, const Status& status) {
  auto output = negotiate_output(request, Transforms::all);
  Output form = output ? std::move(*output) : Output{};
  Response out;
  out.status = status.code();
  out.headers.set("Content-Type", std::string(form.content_type()));
  if (status.retry_after_seconds() > 0)
    out.headers.set("Retry-After", std::to_string(status.retry_after_seconds()));
  if (status.code() == 401) out.headers.set("WWW-Authenticate", "Bearer realm=\"paddock\"");
  auto json = status_json(status);
  if (form.media == Media::yaml) {
    out.body = to_yaml(json);
  } else {
    out.body = form.pretty ? dump_pretty(json) : dump(json);
    out.body += '\n';
  }
  return out;
}

}  // namespace engine
