// Config maps: keys, size, immutable.
#include "engine/kinds/core/data_rules.h"
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

class ConfigMaps final : public Strategy {
 public:
  Result<Unit> decode(const Kind&, Json& object) const override {
    size_t bytes = 0;
    std::string wrong = check_base64_values("binaryData", object.find("binaryData"), bytes);
    if (!wrong.empty()) return Status::bad_request(std::move(wrong));
    return Unit{};
  }

  std::vector<Cause> validate(const StrategyContext&, const Json& object) const override {
    Causes out;
    const Json* data = object.find("data");
    const Json* binary = object.find("binaryData");
    check_data_keys(out, "data", data);
    check_data_keys(out, "binaryData", binary);
    size_t bytes = 0;
    check_base64_values("binaryData", binary, bytes);
    if (data != nullptr) {
      for (const auto& [key, value] : data->as_object()) {
        bytes += value.as_string().size();
        if (binary != nullptr && binary->find(key) != nullptr)
          out.push_back(cause_invalid("data[" + key + "]", Json(key),
                                      "duplicate of key present in binaryData"));
      }
    }
    check_data_size(out, bytes);
    return out;
  }

  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json& old) const override {
    Causes out = validate(context, object);
    check_immutable_data(out, object, old, {"data", "binaryData"});
    return out;
  }
};

}  // namespace

void register_strategy_configmaps(StrategySet& set) {
  set.add("", "configmaps", std::make_unique<ConfigMaps>());
}

}  // namespace engine
