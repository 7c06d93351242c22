// The one place where the management API's answers and errors are written.
#include "engine/norman/norman.h"

namespace engine {
namespace {

// Kubernetes' reasons pass through, but for those that the contract spells otherwise.
std::string code_of(const Status& status) {
  if (status.is("InternalError")) return "ServerError";
  if (status.is("MethodNotAllowed")) return "MethodNotAllow";
  if (status.is("Invalid")) return "InvalidFormat";
  return status.reason();
}

// A cause names a place in the stored object; clients know the field.
std::string_view field_of(std::string_view cause) {
  for (std::string_view part : {"metadata.", "spec.", "status."})
    if (cause.starts_with(part)) return cause.substr(part.size());
  return cause;
}

}  // namespace

Response norman_response(int status, const Json& body, std::string_view base) {
  return norman_text(status, dump(body), base);
}

Response norman_text(int status, std::string body, std::string_view base) {
  Response out{.status = status, .headers = {}, .body = std::move(body)};
  out.headers.add("Content-Type", "application/json");
  out.headers.add("X-Api-Schemas", std::string(base) + "/v3/schemas");
  out.headers.add("Cache-Control", "no-store");
  return out;
}

Response norman_error(const Status& status) {
  Json body = Json::object({{"type", "error"},
                            {"baseType", "error"},
                            {"status", status.code()},
                            {"code", code_of(status)},
                            {"message", status.message()}});
  if (!status.causes().empty()) body.set("fieldName", field_of(status.causes().front().field));
  Response out = norman_response(status.code(), body, "");
  if (status.retry_after_seconds() > 0)
    out.headers.set("Retry-After", std::to_string(status.retry_after_seconds()));
  if (status.code() == 401) out.headers.set("WWW-Authenticate", "Bearer realm=\"paddock\"");
  return out;
}

}  // namespace engine
