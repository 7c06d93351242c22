// node: a management Node, the mirror of a node of a cluster. Its state is what is observed of the
// node and of the way to its cluster; what users wish of it (cordon, drain, labels, taints) is
// written as a wish, which controllers/cluster/node_wishes.cpp carries out.
#include "engine/cluster/node_drain.h"
#include "engine/cluster/sessions.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

constexpr std::string_view kWish = "desiredNodeUnschedulable";

const Json* node_condition(const Json& stored, std::string_view type) {
  const Json* list = stored.at({"status", "internalNodeStatus", "conditions"});
  if (list == nullptr || !list->is_array()) return nullptr;
  for (const Json& one : list->as_array())
    if (one.str("type") == type) return &one;
  return nullptr;
}

bool is_cordoned(const Json& stored) {
  return stored.truth({"spec", "internalNodeSpec", "unschedulable"});
}
bool is_draining(const Json& stored) {
  return stored.str({"spec", kWish}) == "drain";
}
bool is_stopping(const Json& stored) {
  return stored.str({"spec", kWish}) == "stopDrain";
}
bool is_joined(const Json& stored) {
  return !stored.str({"status", "nodeName"}).empty();
}

class NodeType final : public Type {
 public:
  explicit NodeType(TypeParts parts) : parts_(std::move(parts)) {}

  bool is_shown_as_stored(std::string_view) const override { return true; }
  // Filters read what is stored: nothing is worked out when it is shown.
  bool computes(std::string_view) const override { return false; }

  State state(const Call&, const Json& stored) const override {
    if (!stored.str({"metadata", "deletionTimestamp"}).empty() || !is_joined(stored))
      return state_of(stored);
    if (is_draining(stored) || is_stopping(stored)) {
      const Json* drained = find_condition(stored, "Drained");
      return {"draining", "yes", std::string(drained ? drained->str("message") : "")};
    }
    const Json* ready = node_condition(stored, "Ready");
    if (ready == nullptr || ready->str("status") != "True")
      return {
          "unavailable", "error",
          std::string(ready ? ready->str("message") : "the node has not said that it is ready")};
    if (!is_cordoned(stored)) return {"active", "no", ""};
    const Json* drained = find_condition(stored, "Drained");
    if (drained == nullptr) return {"cordoned", "no", ""};
    if (drained->str("status") == "True") return {"drained", "no", ""};
    return {"cordoned", "no", std::string(drained->str("message"))};
  }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    // What joins by itself goes by itself.
    if (stored.truth({"spec", "imported"})) look.remove = false;
    if (!may_act(call, stored) || !is_joined(stored)) return;
    if (is_draining(stored)) {
      look.actions.push_back("stopDrain");
      return;
    }
    look.actions.push_back(is_cordoned(stored) ? "uncordon" : "cordon");
    look.actions.push_back("drain");
  }

  Result<Unit> before_remove(const Call&, const Json& stored) const override {
    if (!stored.truth({"spec", "imported"})) return Unit{};
    return Status::other(
        405, "MethodNotAllow",
        "a node that joined its cluster by itself goes when it leaves the cluster");
  }

  // Labels, annotations and taints are the node's own: they become wishes.
  Result<Unit> before_update(const Call& call, const Json& old, Json& changes) const override {
    Json wishes = Json::object();
    for (auto [field, seen] :
         {std::pair{"labels", "nodeLabels"}, std::pair{"annotations", "nodeAnnotations"}}) {
      const Json* wanted = changes.find(field);
      if (wanted == nullptr) continue;
      if (Json wish = map_wish(old.at({"status", seen}), *wanted); !wish.is_null())
        wishes.make({"metadataUpdate"}).set(field, std::move(wish));
      changes.erase(field);
    }
    if (const Json* taints = changes.find("taints")) {
      wishes.set("desiredNodeTaints", taints->is_array() ? *taints : Json::array());
      wishes.set("updateTaintsFromAPI", true);
      changes.erase("taints");
    }
    if (wishes.size() > 0) call.shown_once = dump(wishes);
    return Unit{};
  }
  Result<Unit> to_store(const Call& call, Json& stored) const override {
    if (call.shown_once.empty()) return Unit{};
    const Json wishes = TRY(parse_json(call.shown_once));
    for (const auto& [name, value] : wishes.as_object()) stored.make({"spec"}).set(name, value);
    return Unit{};
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json& input) const override {
    if (!may_act(call, stored) || !is_joined(stored)) return std::nullopt;
    Json wish = Json::object();
    if (action == "cordon" && !is_draining(stored)) wish.set(kWish, "true");
    if (action == "uncordon") wish.set(kWish, "false");
    if (action == "stopDrain" && is_draining(stored)) wish.set(kWish, "stopDrain");
    if (action == "drain" && !is_draining(stored)) {
      wish.set(kWish, "drain");
      wish.set("nodeDrainInput", input);
    }
    if (wish.size() == 0) return std::nullopt;
    KindPtr kind = call.norman.holder(call.schema);
    auto done = parts_.registry.modify(
        *kind, stored.str({"metadata", "namespace"}), stored.str({"metadata", "name"}),
        {.user = call.user(), .field_manager = "paddock"}, [&](Json& object) -> Result<bool> {
          Json& spec = object.make({"spec"});
          for (const auto& [name, value] : wish.as_object()) spec.set(name, value);
          return true;
        });
    if (!done) return norman_error(done.error());
    return Response{.status = 200, .headers = {}, .body = {}};
  }

 private:
  static bool may_act(const Call& call, const Json& stored) {
    KindPtr kind = call.norman.holder(call.schema);
    return kind &&
           call.norman.may(call.user(), "update", *kind, stored.str({"metadata", "namespace"}),
                           stored.str({"metadata", "name"}));
  }

  TypeParts parts_;
};

}  // namespace

void register_node(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 node", std::make_unique<NodeType>(parts));
}

}  // namespace engine
