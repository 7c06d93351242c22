#include "engine/norman/references.h"

#include <algorithm>

#include "engine/norman/target.h"

namespace engine {
namespace {

constexpr int kDepthMax = 12;

class Check {
 public:
  Check(const Norman& norman, const Call& call) : norman_(norman), call_(call) {}

  Result<Unit> object(const SchemaView& schema, const Json& body, const Json* old, int depth) {
    if (depth > kDepthMax || !body.is_object()) return Unit{};
    for (const auto& [name, value] : body.as_object()) {
      const Field* field = value.is_null() ? nullptr : schema.field(name);
      // Who made an object is the server's to say; a namespace is looked for when it is written to.
      if (!field || name == "creatorId" || name == "namespaceId") continue;
      const Json* before = old ? old->find(name) : nullptr;
      if (before && *before == value) continue;
      const size_t length = where_.size();
      where_ += (length ? "." : "") + name;
      TRY(of_type(schema, *field, field->type, value, before, depth));
      where_.resize(length);
    }
    return Unit{};
  }

 private:
  Result<Unit> of_type(const SchemaView& schema, const Field& field, std::string_view text,
                       const Json& value, const Json* old, int depth) {
    TypeName type = split_type(text);
    if (type.is_reference()) return reference(bare_type(type.inner), value);
    if (type.is_array() && value.is_array()) {
      const size_t length = where_.size();
      size_t at = 0;
      for (const Json& item : value.as_array()) {
        where_ += "[" + std::to_string(at++) + "]";
        if (!is_among(item, old)) TRY(of_type(schema, field, type.inner, item, nullptr, depth + 1));
        where_.resize(length);
      }
    } else if (type.is_map() && value.is_object()) {
      const size_t length = where_.size();
      for (const auto& [key, item] : value.as_object()) {
        where_ += "." + key;
        TRY(of_type(schema, field, type.inner, item, nullptr, depth + 1));
        where_.resize(length);
      }
    } else if (type.inner.empty() && value.is_object()) {
      if (const SchemaView* nested = norman_.schemas().any(schema.path(), type.outer))
        TRY(object(*nested, value, old, depth + 1));
    }
    return Unit{};
  }

  static bool is_among(const Json& item, const Json* old) {
    if (!old || !old->is_array()) return false;
    const JsonArray& list = old->as_array();
    return std::find(list.begin(), list.end(), item) != list.end();
  }

  Result<Unit> reference(std::string_view type, const Json& value) {
    if (!value.is_string() || value.as_string().empty()) return Unit{};
    const SchemaView* schema = norman_.schemas().published("/v3", type);
    KindPtr kind = schema ? norman_.holder(*schema) : nullptr;
    if (!kind) return Unit{};  // of a cluster downstream, or held by nobody: the cluster says
    auto [ns, name] = split_id(*schema, value.as_string());
    auto found = TRY(norman_.parts().dispatcher.get(*kind, ns, name));
    // Whoever shares something may name people that they cannot look up.
    const bool hidden = type != "user" && found && !may_see(*schema, *kind, ns, name, *found);
    if (found && !hidden && is_one(*schema, *found)) return Unit{};
    return Status::field_error(
        422, "InvalidReference", where_,
        "there is no " + std::string(type) + " \"" + value.as_string() + "\"");
  }

  // A kind may hold other types too: any secret is no cloud credential.
  bool is_one(const SchemaView& schema, const CachedObject& found) const {
    const Type& type = norman_.parts().types.of(schema);
    if (!type.shares_kind()) return true;
    auto stored = parse_json(*found.bytes);
    return stored && type.holds(*stored, schema);
  }

  bool may_see(const SchemaView& schema, const Kind& kind, std::string_view ns,
               std::string_view name, const CachedObject& found) const {
    if (norman_.may(call_.user(), "get", kind, ns, name)) return true;
    const Type& type = norman_.parts().types.of(schema);
    if (!type.selects()) return false;
    auto stored = parse_json(*found.bytes);
    Call asked{call_.norman, call_.request, schema, call_.base, {}};
    return stored && type.owns(asked, *stored, "get");
  }

  const Norman& norman_;
  const Call& call_;
  std::string where_;  // the field that is looked at, from the body on
};

}  // namespace

Result<Unit> check_references(const Norman& norman, const Call& call, const Json& body,
                              const Json* old) {
  return Check(norman, call).object(call.schema, body, old, 0);
}

}  // namespace engine
