// Secrets: stringData is written into data and never kept, types ask for their keys, type and data
// of an immutable one stay.
#include "engine/base/base64.h"
#include "engine/kinds/core/data_rules.h"
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

struct TypeRule {
  std::string_view type;
  std::string_view key;  // must be there
};
constexpr TypeRule kRules[] = {
    {"kubernetes.io/dockercfg", ".dockercfg"},
    {"kubernetes.io/dockerconfigjson", ".dockerconfigjson"},
    {"kubernetes.io/ssh-auth", "ssh-privatekey"},
    {"kubernetes.io/tls", "tls.crt"},
    {"kubernetes.io/tls", "tls.key"},
};

const Json* data_key(const Json& object, std::string_view key) {
  const Json* data = object.find("data");
  return data == nullptr ? nullptr : data->find(key);
}

void check_type(Causes& out, const Json& object) {
  std::string_view type = object.str("type");
  for (const TypeRule& rule : kRules) {
    if (rule.type != type) continue;
    std::string field = "data[" + std::string(rule.key) + "]";
    const Json* value = data_key(object, rule.key);
    if (value == nullptr) {
      out.push_back(cause_required(field));
    } else if (rule.key.starts_with(".docker")) {
      auto text = base64_decode(value->as_string());
      if (!text || !parse_json(*text))
        out.push_back(cause_invalid(field, Json("<secret contents redacted>"), "invalid JSON"));
    }
  }
  if (type == "kubernetes.io/basic-auth" && data_key(object, "username") == nullptr &&
      data_key(object, "password") == nullptr) {
    out.push_back(cause_required("data[username]"));
    out.push_back(cause_required("data[password]"));
  }
  if (type == "kubernetes.io/service-account-token") {
    const Json* annotations = object.at({"metadata", "annotations"});
    if (annotations == nullptr || annotations->str("kubernetes.io/service-account.name").empty())
      out.push_back(cause_required("metadata.annotations[kubernetes.io/service-account.name]"));
  }
}

class Secrets final : public Strategy {
 public:
  Result<Unit> decode(const Kind&, Json& object) const override {
    size_t bytes = 0;
    std::string wrong = check_base64_values("data", object.find("data"), bytes);
    if (!wrong.empty()) return Status::bad_request(std::move(wrong));
    if (object.str("type").empty()) object.set("type", Json("Opaque"));
    Json* given = object.find("stringData");
    if (given == nullptr) return Unit{};
    Json plain = std::move(*given);
    object.erase("stringData");
    if (!plain.is_object()) return Status::bad_request("stringData: expected an object");
    for (const auto& [key, value] : plain.as_object()) {
      if (!value.is_string())
        return Status::bad_request("stringData[" + key + "]: expected a string, got " +
                                   value.type_name());
      object["data"].set(key, Json(base64_encode(value.as_string())));
    }
    return Unit{};
  }

  std::vector<Cause> validate(const StrategyContext&, const Json& object) const override {
    Causes out;
    const Json* data = object.find("data");
    check_data_keys(out, "data", data);
    size_t bytes = 0;
    check_base64_values("data", data, bytes);
    check_data_size(out, bytes);
    check_type(out, object);
    return out;
  }

  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json& old) const override {
    Causes out;
    check_immutable(out, "type", object.find("type"), old.find("type"));
    check_immutable_data(out, object, old, {"data"});
    Causes more = validate(context, object);
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
};

}  // namespace

void register_strategy_secrets(StrategySet& set) {
  set.add("", "secrets", std::make_unique<Secrets>());
}

}  // namespace engine
