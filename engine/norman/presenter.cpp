#include "engine/norman/presenter.h"

namespace engine {

Presenter::Presenter(const Norman& norman, const Call& call)
    : norman_(norman),
      call_(call),
      type_(norman.parts().types.of(call.schema)),
      kind_(norman.holder(call.schema)),
      rights_(norman.parts().authorizer, call.user(), kind_) {}

bool Presenter::visible(std::string_view ns, std::string_view name) {
  return rights_.all("list") || rights_.allows("get", ns, name);
}

const SchemaView& Presenter::shown_as(const Json& stored) const {
  const SchemaView& schema = call_.schema;
  std::string_view subtype =
      schema.base_type() == schema.id() ? type_.subtype(stored) : std::string_view();
  if (subtype.empty()) return schema;
  const SchemaView* found = norman_.schemas().published(schema.path(), subtype);
  return found && found->base_type() == schema.id() ? *found : schema;
}

bool Presenter::allowed(const SchemaView& shown, const Json& stored, std::string_view method,
                        std::string_view verb) {
  if (!shown.resource_method(method)) return false;
  if (call_.remote) return true;
  if (!kind_) return false;
  return rights_.allows(verb, stored.str({"metadata", "namespace"}),
                        stored.str({"metadata", "name"})) ||
         type_.owns(call_, stored, verb);
}

uint8_t Presenter::rights_to(std::string_view ns, std::string_view name) {
  const bool update = rights_.allows("update", ns, name);
  const bool remove = rights_.allows("delete", ns, name);
  const bool read = rights_.allows("get", ns, name);
  const bool links = call_.request.headers.has("X-API-Action-Links");
  return static_cast<uint8_t>(update | remove << 1 | links << 2 | read << 3);
}

Json Presenter::mapped(const Json& stored) const {
  Json object = stored;
  type_.refresh(call_, object);
  norman_.mapper().to_api(call_.schema, object);
  if (call_.schema.field("state")) write_state(type_.state(call_, stored), object);
  Type::Look look{.object = &object, .actions = {}};
  type_.decorate(call_, stored, look);
  return shape_object(norman_.schemas(), call_.schema, object, WriteOnly::hide);
}

Json Presenter::object(const Json& stored, WriteOnly write_only) {
  const SchemaView& schema = shown_as(stored);
  Json object = stored;
  type_.refresh(call_, object);
  norman_.mapper().to_api(schema, object);
  if (schema.field("state")) write_state(type_.state(call_, stored), object);
  Type::Look look{.object = &object, .actions = {}};
  look.update = allowed(schema, stored, "PUT", "update");
  look.remove = allowed(schema, stored, "DELETE", "delete");
  type_.decorate(call_, stored, look);
  Json out = shape_object(norman_.schemas(), schema, object, write_only);
  out.set("type", look.type.empty() ? schema.id() : look.type);
  out.set("baseType", schema.base_type());
  const std::string& linked = look.linked_as.empty() ? look.type : look.linked_as;
  const SchemaView* shown =
      linked.empty() ? &schema : norman_.schemas().published(schema.path(), linked);
  out.set("links", norman_.links().links(shown ? *shown : schema,
                                         {call_.base, call_.context, std::string(object.str("id")),
                                          look.update, look.remove}));
  std::string self(out.str({"links", "self"}));
  for (const std::string& link : look.links) out["links"].set(link, self + "/" + link);
  if (look.actions.empty()) return out;
  Json actions = Json::object();
  for (const std::string& action : look.actions) actions.set(action, self + "?action=" + action);
  out.set(call_.request.headers.has("X-API-Action-Links") ? "actionLinks" : "actions",
          std::move(actions));
  return out;
}

}  // namespace engine
