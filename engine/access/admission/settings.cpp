#include "engine/access/admission/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "engine/access/server_user.h"
#include "engine/base/numbers.h"
#include "engine/base/time.h"
#include "engine/schema/causes.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
using Operation = AdmissionRequest::Operation;

enum class Shape : uint8_t { number, truth, https, url, cron, json, choice };

struct Known {
  std::string_view name;
  Shape shape;
  std::string_view choices = {};  // separated by spaces
};

// Those that the server acts by. The rest is text for others.
constexpr std::array kKnown = std::to_array<Known>({
    {"audit-level", Shape::choice, "0 1 2 3"},
    {"audit-max-age-days", Shape::number},
    {"audit-max-size-mb", Shape::number},
    {"auth-token-max-ttl-minutes", Shape::number},
    {"auth-user-info-max-age-seconds", Shape::number},
    {"auth-user-info-resync-cron", Shape::cron},
    {"auth-user-session-ttl-minutes", Shape::number},
    {"authorization-cache-ttl-seconds", Shape::number},
    {"authorization-deny-cache-ttl-seconds", Shape::number},
    {"azure-group-cache-size", Shape::number},
    {"cluster-controller-start-count", Shape::number},
    {"cluster-template-enforcement", Shape::truth},
    {"eks-refresh", Shape::number},
    {"eks-refresh-cron", Shape::cron},
    {"engine-install-url", Shape::url},
    {"first-login", Shape::truth},
    {"github-proxy-api-url", Shape::url},
    {"gke-refresh", Shape::number},
    {"global-registry-enabled", Shape::truth},
    {"helm-max-history", Shape::number},
    {"hide-local-cluster", Shape::truth},
    {"jailer-timeout", Shape::number},
    {"kubeconfig-generate-token", Shape::truth},
    {"kubeconfig-token-ttl-minutes", Shape::number},
    {"password-min-length", Shape::number},
    {"rdns-base-url", Shape::url},
    {"restricted-default-admin", Shape::truth},
    {"rke-metadata-config", Shape::json},
    {"rotate-certs-if-expiring-in-days", Shape::number},
    {"server-url", Shape::https},
    {"system-catalog", Shape::choice, "external bundled"},
    {"telemetry-opt", Shape::choice, "prompt in out"},
    {"tls-min-version", Shape::choice, "1.0 1.1 1.2 1.3"},
    {"ui-banners", Shape::json},
    {"ui-offline-preferred", Shape::choice, "dynamic true false"},
});

bool is_url(std::string_view value, std::string_view scheme) {
  if (!value.starts_with(scheme)) return false;
  value.remove_prefix(scheme.size());
  const std::string_view host = value.substr(0, value.find_first_of("/?#"));
  return !host.empty() && value.find_first_of(" \t\r\n\"<>") == std::string_view::npos;
}

// Five fields of digits, names and * / , - as cron has them.
bool is_cron(std::string_view value) {
  if (value.starts_with("@")) return value.size() > 1;
  int fields = 0;
  bool in_field = false;
  for (char c : value) {
    if (c == ' ') {
      in_field = false;
      continue;
    }
    if (!std::isalnum(static_cast<unsigned char>(c)) && !std::strchr("*/,-?", c)) return false;
    if (!in_field) ++fields;
    in_field = true;
  }
  return fields == 5;
}

bool is_choice(std::string_view choices, std::string_view value) {
  while (!choices.empty()) {
    const size_t space = std::min(choices.find(' '), choices.size());
    if (choices.substr(0, space) == value) return true;
    choices.remove_prefix(std::min(space + 1, choices.size()));
  }
  return false;
}

std::string why_not(const Known& known, std::string_view value) {
  switch (known.shape) {
    case Shape::number: {
      auto number = parse_int(value);
      return number && *number >= 0 ? "" : "a whole number is wanted, 0 or more";
    }
    case Shape::truth:
      return value == "true" || value == "false" ? "" : "true or false is wanted";
    case Shape::https:
      return is_url(value, "https://") ? "" : "begins with https:// and names a host";
    case Shape::url:
      return is_url(value, "https://") || is_url(value, "http://") ? "" : "a URL is wanted";
    case Shape::cron:
      return is_cron(value) ? "" : "a schedule of five fields is wanted";
    case Shape::json:
      return parse_json(value) ? "" : "JSON is wanted";
    case Shape::choice:
      return is_choice(known.choices, value)
                 ? ""
                 : "one of these is wanted: " + std::string(known.choices);
  }
  return "";
}

class SettingsAdmission final : public Admission {
 public:
  explicit SettingsAdmission(storage::Env& env) : env_(env) {}

  Result<Unit> mutate(AdmissionRequest& request) override {
    if (request.operation == Operation::remove || request.kind.group != kGroup) return Unit{};
    const bool setting = request.kind.plural == "settings";
    if (!setting && request.kind.plural != "features") return Unit{};
    if (request.user.name == server_user().name) return Unit{};
    if (!changes(request, setting)) return Unit{};
    TRY(setting ? check(request) : check_feature(request));
    Json& annotations = request.object->make({"metadata", "annotations"});
    annotations.set(kChangedBy, request.user.name);
    annotations.set(kChangedAt, to_rfc3339(env_.wall()));
    return Unit{};
  }

 private:
  static bool changes(const AdmissionRequest& request, bool setting) {
    if (!request.old) return true;
    if (setting) return request.old->str("value") != request.object->str("value");
    const Json* before = request.old->at({"spec", "value"});
    const Json* now = request.object->at({"spec", "value"});
    return before && now ? !(*before == *now) : before != now;
  }

  static Result<Unit> check(const AdmissionRequest& request) {
    if (request.old && request.old->str("source") == "env")
      return Status::other(405, "MethodNotAllowed",
                           std::string(request.name) +
                               " is readOnly because its value is from environment variable");
    std::string_view value = request.object->str("value");
    auto good = check_setting(request.name, value);
    if (good) return good;
    return Status::invalid(request.kind.group, request.kind.kind, std::string(request.name),
                           {cause_invalid("value", Json(value), good.error().message())});
  }

  static Result<Unit> check_feature(const AdmissionRequest& request) {
    const Json* locked = request.old ? request.old->at({"status", "lockedValue"}) : nullptr;
    const Json* value = request.object->at({"spec", "value"});
    if (!locked || locked->is_null() || !value || value->is_null() || *value == *locked)
      return Unit{};
    return Status::invalid(
        request.kind.group, request.kind.kind, std::string(request.name),
        {cause_invalid("spec.value", *value, "the feature is locked at " + dump(*locked))});
  }

  storage::Env& env_;
};

}  // namespace

Result<Unit> check_setting(std::string_view name, std::string_view value) {
  if (value.empty()) return Unit{};  // back to its default
  for (const Known& known : kKnown) {
    if (known.name != name) continue;
    std::string why = why_not(known, value);
    if (!why.empty()) return Status::bad_request(std::move(why));
  }
  return Unit{};
}

std::unique_ptr<Admission> make_settings_admission(storage::Env& env) {
  return std::make_unique<SettingsAdmission>(env);
}

}  // namespace engine
