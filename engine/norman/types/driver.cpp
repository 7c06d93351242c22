// nodeDriver and kontainerDriver: active or not, as they say themselves; cluster drivers that came
// with the server stay.
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class DriverType final : public Type {
 public:
  enum class Builtin : uint8_t { goes, stays };
  explicit DriverType(Builtin builtin) : builtin_(builtin) {}

  bool is_shown_as_stored(std::string_view) const override { return true; }
  bool selects() const override { return false; }
  bool computes(std::string_view) const override { return false; }

  State state(const Call&, const Json& stored) const override {
    State out = state_of(stored);
    if (out.transitioning == "no")
      out.name = stored.truth({"spec", "active"}) ? "active" : "inactive";
    return out;
  }

  void decorate(const Call&, const Json& stored, Look& look) const override {
    if (is_builtin(stored)) look.remove = false;
  }

  Result<Unit> before_remove(const Call&, const Json& stored) const override {
    if (!is_builtin(stored)) return Unit{};
    return Status::other(405, "MethodNotAllow", "a driver that came with the server stays");
  }

 private:
  bool is_builtin(const Json& stored) const {
    return builtin_ == Builtin::stays && stored.truth({"spec", "builtIn"});
  }

  const Builtin builtin_;
};

}  // namespace

void register_driver(TypeSet& set, const TypeParts&) {
  set.add("/v3 nodeDriver", std::make_unique<DriverType>(DriverType::Builtin::goes));
  set.add("/v3 kontainerDriver", std::make_unique<DriverType>(DriverType::Builtin::stays));
}

}  // namespace engine
