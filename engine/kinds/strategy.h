// Strategy: what a kind does beyond its data, in the order of upstream's registry: prepare,
// default, validate, canonicalize. A kind without a strategy has the plain one. Registered by group
// and plural in a StrategySet that app.cpp makes. Thread: implementations are stateless; any. Owns:
// nothing. Source: k8s.io/apiserver pkg/registry/rest (create.go, update.go).
#pragma once

#include <map>
#include <memory>
#include <optional>
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

enum class NameUse : uint8_t { whole, prefix };

class Strategy {
 public:
  virtual ~Strategy() = default;
  // What upstream's conversion and defaulting do to a body beyond its schema; an error is a 400.
  virtual Result<Unit> decode(const Kind&, Json& /*object*/) const { return Unit{}; }
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
  // What no two objects of the kind may share; the write itself sees to it.
  struct Unique {
    std::string field;  // as a cause names it
    std::string value;
    bool operator==(const Unique&) const = default;
  };
  virtual std::vector<Unique> uniques(const Json& /*object*/) const { return {}; }
  virtual bool generate_name_retries() const { return true; }

  // Reasons why the name is not acceptable. A prefix is what generateName says.
  virtual std::vector<std::string> check_name(std::string_view name, NameUse use) const;
  // PUT without a resourceVersion replaces whatever is there.
  virtual bool unconditional_update(const Kind& kind) const;
  virtual bool create_on_update() const { return false; }
  // metadata.generation starts at 1 and grows when something besides metadata and status changes.
  virtual bool counts_generation(const Kind& kind) const;
  // When a removal has been accepted and before it is seen whether finalizers hold the object; not
  // called again for an object that is already terminating.
  virtual void prepare_remove(const StrategyContext&, Json& /*object*/) const {}
  // How long an object that is removed may go on (pods); 0: it goes at once. `asked` is what the
  // client said.
  virtual int64_t grace_seconds(const Json& /*object*/, std::optional<int64_t> /*asked*/) const {
    return 0;
  }
  // status may be given with create; elsewhere it is dropped where there is a status subresource.
  virtual bool status_on_create(const Kind& kind) const;
  // Held by something besides metadata.finalizers (a namespace's spec.finalizers).
  virtual bool held(const Json& /*object*/) const { return false; }
  // Subresources that are written as a whole object, besides status: keeps in `object` what this
  // subresource may change and takes all else from `old`. False: this kind has no such subresource.
  virtual bool take_subresource(std::string_view /*subresource*/, Json& /*object*/,
                                const Json& /*old*/) const {
    return false;
  }
};

// A kind whose objects are as a CustomResourceDefinition makes them (also the product's own kinds):
// checked by schema alone, conditional updates only.
bool is_custom(const Kind& kind);

class StrategySet {
 public:
  void add(std::string group, std::string plural, std::unique_ptr<Strategy> strategy);
  const Strategy& of(const Kind& kind) const;  // the plain one when none was added

 private:
  std::map<std::string, std::unique_ptr<Strategy>, std::less<>> strategies_;  // "group/plural"
};

}  // namespace engine
