#include "engine/base/status.h"
#include "engine/base/text.h"

#include <algorithm>

namespace engine {

namespace {

// "deployments.apps", or "configmaps" for the core group; the same rule names kinds.
std::string qualified(const std::string& word, const std::string& group) {
  return group.empty() ? word : word + "." + group;
}

// Of the causes as one sentence: a single one bare, several in brackets, each text once.
std::string joined(const std::vector<Cause>& causes) {
  std::vector<std::string> texts;
  for (const Cause& cause : causes) {
    std::string text = cause.field.empty() ? cause.message : cause.field + ": " + cause.message;
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  }
  if (texts.size() == 1) return texts[0];
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + text;
  return out + "]";
}

}  // namespace

Status Status::bad_request(std::string message) {
  return Status(400, "BadRequest", std::move(message));
}

Status Status::unauthorized(std::string message) {
  return Status(401, "Unauthorized", std::move(message));
}

Status Status::about(int code, std::string reason, const About& what, std::string message) {
  Status out(code, std::move(reason), std::move(message));
  out.name_ = what.name;
  out.group_ = what.group;
  out.kind_ = what.resource;
  return out;
}

Status Status::forbidden(const About& what, std::string user, std::string why) {
  std::string message = qualified(what.resource, what.group);
  if (!what.name.empty()) message += " " + quote(what.name);
  message += " is forbidden: ";
  if (!user.empty()) message += "User " + quote(user) + " ";
  return about(403, "Forbidden", what, message + why);
}

Status Status::forbidden_text(std::string message) {
  return Status(403, "Forbidden", std::move(message));
}

Status Status::not_found(const About& what) {
  return about(404, "NotFound", what,
               qualified(what.resource, what.group) + " " + quote(what.name) + " not found");
}

Status Status::not_found_path() {
  return Status(404, "NotFound", "the server could not find the requested resource");
}

Status Status::method_not_allowed(const About& what, std::string verb) {
  return about(405, "MethodNotAllowed", what,
               verb + " is not supported on resources of kind " +
                   quote(qualified(what.resource, what.group)));
}

Status Status::not_acceptable(std::string accepted) {
  return Status(406, "NotAcceptable",
                "only the following media types are accepted: " + std::move(accepted));
}

Status Status::already_exists(const About& what) {
  return about(409, "AlreadyExists", what,
               qualified(what.resource, what.group) + " " + quote(what.name) + " already exists");
}

Status Status::conflict(const About& what, std::string why) {
  return about(409, "Conflict", what,
               "Operation cannot be fulfilled on " + qualified(what.resource, what.group) + " " +
                   quote(what.name) + ": " + why);
}

Status Status::apply_conflict(std::string message, std::vector<Cause> causes) {
  Status out(409, "Conflict", std::move(message));
  out.causes_ = std::move(causes);
  return out;
}

Status Status::gone(std::string message) {
  return Status(410, "Expired", std::move(message));
}

Status Status::too_large(std::string message) {
  return Status(413, "RequestEntityTooLarge", "Request entity too large: " + std::move(message));
}

Status Status::unsupported_media_type(std::string message) {
  return Status(415, "UnsupportedMediaType", std::move(message));
}

Status Status::invalid(std::string group, std::string kind, std::string name,
                       std::vector<Cause> causes) {
  std::string message = qualified(kind, group) + " " + quote(name) + " is invalid";
  if (!causes.empty()) message += ": " + joined(causes);
  Status out(422, "Invalid", std::move(message));
  out.group_ = std::move(group);
  out.kind_ = std::move(kind);
  out.name_ = std::move(name);
  out.causes_ = std::move(causes);
  return out;
}

Status Status::too_many_requests(std::string message, int retry_after_seconds) {
  Status out(429, "TooManyRequests", std::move(message));
  out.retry_after_seconds_ = retry_after_seconds;
  return out;
}

Status Status::internal(std::string message) {
  return Status(500, "InternalError", "Internal error occurred: " + std::move(message));
}

Status Status::no_space(std::string message) {
  return Status(507, "InsufficientStorage", std::move(message));
}

Status Status::service_unavailable(std::string message) {
  return Status(503, "ServiceUnavailable", std::move(message));
}

Status Status::timeout(std::string message) {
  return Status(504, "Timeout", "Timeout: " + std::move(message));
}

Status Status::field_error(int code, std::string reason, std::string field, std::string message) {
  Status out(code, std::move(reason), std::move(message));
  out.causes_.push_back(
      {.reason = out.reason_, .message = out.message_, .field = std::move(field)});
  return out;
}

Status Status::other(int code, std::string reason, std::string message) {
  return Status(code, std::move(reason), std::move(message));
}

}  // namespace engine
