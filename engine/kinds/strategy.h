// Strategy: what a kind does beyond its data, in the order of upstream's registry: prepare,
// default, validate, canonicalize. A kind without a strategy has the plain one. Registered by group
// and plural in a StrategySet that app.cpp makes. Thread: implementations are stateless; any. Owns:
// nothing. Source: k8s.io/apiserver pkg/registry/rest (create.go, update.go).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/kinds/kind.h"
#include "storage/base/env.h"

namespace engine {

struct StrategyContext {
  const Kind& kind;
  const User& user;
  storage::WallTime now;
  std::string_view subresource;  // "", "status", "scale"
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  virtual void prepare_create(const StrategyContext&, Json& /*object*/) const {}
  virtual void prepare_update(const StrategyContext&, Json& /*object*/, const Json& /*old*/) const {
  }
  virtual std::vector<Cause> validate(const StrategyContext&, const Json& /*object*/) const {
    return {};
  }
  virtual std::vector<Cause> validate_update(const StrategyContext&, const Json& /*object*/,
                                             const Json& /*old*/) const {
    return {};
  }
  virtual std::vector<std::string> warnings(const StrategyContext&, const Json& /*object*/) const {
    return {};
  }
  virtual bool generate_name_retries() const { return true; }
};

class StrategySet {
 public:
  void add(std::string group, std::string plural, std::unique_ptr<Strategy> strategy);
  const Strategy& of(const Kind& kind) const;  // the plain one when none was added

 private:
  std::map<std::string, std::unique_ptr<Strategy>, std::less<>> strategies_;  // "group/plural"
};

}  // namespace engine
