#include "engine/norman/conversation.h"

#include "engine/base/text.h"

namespace engine {
namespace {

class PlacedKind final : public Kind {
 public:
  PlacedKind()
      : schema_(MUST(Schema::from_structural(  // says nothing that could be wrong
            Json::object({{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}}),
            ""))) {}
  const Schema& schema() const override { return *schema_; }

 private:
  std::shared_ptr<const Schema> schema_;
};

}  // namespace

std::string target_of(const Kind& kind, std::string_view ns, std::string_view name) {
  std::string out =
      kind.group.empty() ? "/api/" + kind.version : "/apis/" + kind.group + "/" + kind.version;
  if (kind.namespaced() && !ns.empty()) out += "/namespaces/" + percent_escaped(ns);
  out += "/" + kind.plural;
  if (!name.empty()) out += "/" + percent_escaped(name);
  return out;
}

KindPtr make_placed_kind(std::string group, std::string version, std::string kind,
                         std::string plural, Scope scope) {
  auto out = std::make_shared<PlacedKind>();
  out->group = std::move(group);
  out->version = std::move(version);
  out->kind = std::move(kind);
  out->plural = std::move(plural);
  out->scope = scope;
  return out;
}

}  // namespace engine
