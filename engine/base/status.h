// Status: what went wrong, as Kubernetes says it (metav1.Status of a failure). Made only by the
// named constructors below; printed in two places, the Kubernetes writer (engine/api) and the
// Norman writer (engine/norman). Thread: a value. Owns: its strings. Source: k8s.io/apimachinery
// api/errors (reasons and codes).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.h"

namespace engine {

using storage::Unit;

struct Cause {
  std::string reason;  // FieldValueInvalid, FieldValueRequired, FieldValueDuplicate, ...
  std::string message;
  std::string field;  // spec.containers[0].name
  bool operator==(const Cause&) const = default;
};

// Which thing an error is about: resource is the plural ("configmaps"), group "" for core.
struct About {
  std::string group;
  std::string resource;
  std::string name;
};

class Status {
 public:
  static Status bad_request(std::string message);   // 400 BadRequest
  static Status unauthorized(std::string message);  // 401 Unauthorized
  // 403 Forbidden: 'configmaps "a" is forbidden: User "u" WHY', where why begins with "cannot";
  // without a user only WHY after the colon.
  static Status forbidden(const About&, std::string user, std::string why);
  static Status forbidden_text(std::string message);  // 403, no object to name
  static Status not_found(const About&);              // 404 NotFound
  static Status not_found_path();  // 404, "the server could not find the requested resource"
  static Status method_not_allowed(const About&, std::string verb);  // 405 MethodNotAllowed
  static Status not_acceptable(std::string accepted);                // 406 NotAcceptable
  static Status already_exists(const About&);                        // 409 AlreadyExists
  static Status conflict(const About&, std::string why);             // 409 Conflict
  static Status apply_conflict(
      std::string message,
      std::vector<Cause> causes);                // 409 Conflict with FieldManagerConflict causes
  static Status gone(std::string message);       // 410 Expired (resource version too old)
  static Status too_large(std::string message);  // 413 RequestEntityTooLarge
  static Status unsupported_media_type(std::string message);  // 415 UnsupportedMediaType
  static Status invalid(std::string group, std::string kind, std::string name,
                        std::vector<Cause> causes);  // 422 Invalid
  static Status too_many_requests(std::string message,
                                  int retry_after_seconds);  // 429 TooManyRequests
  static Status internal(std::string message);               // 500 InternalError
  static Status no_space(std::string message);               // 507 InsufficientStorage
  static Status service_unavailable(std::string message);    // 503 ServiceUnavailable
  static Status timeout(std::string message);                // 504 Timeout
  // One field of a /v3 body: the code (MissingRequired, InvalidOption, ...) is the reason, the
  // field a cause's field.
  static Status field_error(int code, std::string reason, std::string field, std::string message);
  static Status other(int code, std::string reason,
                      std::string message);  // as another server said it

  int code() const { return code_; }
  const std::string& reason() const { return reason_; }
  const std::string& message() const { return message_; }
  const std::vector<Cause>& causes() const { return causes_; }
  int retry_after_seconds() const { return retry_after_seconds_; }  // 0: none
  // details.name, details.group, details.kind (a plural resource, or a kind for Invalid, as
  // upstream has it), details.uid
  const std::string& name() const { return name_; }
  const std::string& group() const { return group_; }
  const std::string& kind() const { return kind_; }
  // Of an expired list: where it may go on, inconsistently (metadata.continue).
  const std::string& continue_token() const { return continue_token_; }
  Status& with_continue(std::string token) {
    continue_token_ = std::move(token);
    return *this;
  }
  Status& with_causes(std::vector<Cause> causes) {
    causes_ = std::move(causes);
    return *this;
  }
  Status& with_retry_after(int seconds) {
    retry_after_seconds_ = seconds;
    return *this;
  }
  Status& with_message(std::string message) {
    message_ = std::move(message);
    return *this;
  }

  bool is(std::string_view reason) const { return reason_ == reason; }

 private:
  Status(int code, std::string reason, std::string message)
      : code_(code), reason_(std::move(reason)), message_(std::move(message)) {}
  static Status about(int code, std::string reason, const About&, std::string message);
  int code_;
  int retry_after_seconds_ = 0;
  std::string reason_;
  std::string message_;
  std::string name_, group_, kind_, continue_token_;
  std::vector<Cause> causes_;
};

template <class T>
using Result = storage::Result<T, Status>;

}  // namespace engine
