// Norman: the management API, /v3, /v3/cluster/ID, /v3/project/ID, /v3-public and /meta, generic
// over the schemas of the facts. Objects are those of the embedded Kubernetes API, mapped; every
// access is decided by RBAC on what holds them. Thread: any. Owns: its schemas; all else by
// reference. Errors: {type: error, status, code, message, fieldName}. Source: shared V3 contract
// and engine/norman/facts.
#pragma once

#include <functional>
#include <memory>

#include "engine/norman/collection.h"
#include "engine/norman/dynamic_schemas.h"
#include "engine/norman/field_source.h"
#include "engine/norman/fields.h"
#include "engine/norman/links.h"
#include "engine/norman/mapper.h"
#include "engine/norman/negotiate.h"
#include "engine/norman/shown_texts.h"
#include "engine/norman/type.h"
#include "engine/watch/watch_cache.h"

namespace engine {

Response norman_error(const Status& status);
Response norman_response(int status, const Json& body, std::string_view base);
// The same of a body that is JSON text already.
Response norman_text(int status, std::string body, std::string_view base);

class Norman {
 public:
  struct Parts {
    storage::Env& env;
    Registry& registry;
    Dispatcher& dispatcher;
    Authorizer& authorizer;
    const TypeSet& types;
    // The server-url setting, or empty: then links use the request's host.
    std::function<std::string()> server_url;
    // Answers for what lives in a cluster; id empty: the collection.
    std::function<Answer(const Call&, std::string_view id)> downstream;
    // Who may what, and why: access_questions.h.
    std::function<Result<Json>(const User& asker, const Json& question)> access_questions = {};
    // Applies a text to a cluster as the caller: import_yaml.h.
    std::function<Answer(const Call&, const std::string& cluster, const Json& input)> import_yaml =
        {};
  };
  explicit Norman(Parts parts);

  // A request whose path begins with /v3, /v3-public or /meta, and whose user has been
  // authenticated (or is anonymous).
  Answer handle(Request& request);

  // For types and subscribe.
  const SchemaSet& schemas() const { return schemas_; }
  const Parts& parts() const { return parts_; }
  const Mapper& mapper() const { return mapper_; }
  const LinkPlans& links() const { return links_; }
  KindPtr holder(const SchemaView& schema) const;
  bool may(const User& user, std::string_view verb, const Kind& kind, std::string_view ns,
           std::string_view name) const;
  // Whether in any namespace: what decides what is offered, not what is done.
  bool may_somewhere(const User& user, std::string_view verb, const Kind& kind) const;
  // As the caller sees it: mapped, shaped, with state, links and actions.
  Json present(const Call& call, const Json& stored, WriteOnly write_only = WriteOnly::hide) const;
  // Everything of a type that the caller may see.
  // A body of POST as the object to store: checked, completed, mapped. `place` says where.
  Result<Json> new_object(const Call& call, const Kind& kind, Type::Place& place) const;
  // A body of PUT, checked.
  Result<Json> changes_of(const Call& call, const Json& old) const;
  // Lays them over a stored object; what clients do not see stays.
  Result<Unit> apply_changes(const Call& call, const Json& changes, Json& stored) const;
  // A collection's document around objects that the caller may see.
  ShownTexts& texts() const { return texts_; }
  Json collection_of(const Call& call, JsonArray objects) const;
  CollectionRequest collection_request(const Call& call) const;
  Result<JsonArray> visible(const Call& call) const;
  Result<Json> find_stored(const Call& call, std::string_view id) const;
  std::string base_of(const Request& request) const;

 private:
  static Answer reshaped(AnswerForm form, std::shared_ptr<const Request> asked, Answer answer);
  Answer in_json(Request& request);
  Answer answer(Request& request);
  Answer answer_at(const Target& target, Request& request, const std::string& base);
  Answer follow_link(const Call& call, std::string_view id, std::string_view link) const;
  Json exported(const Call& call, Json stored) const;
  Result<Json> replace(const Call& call, std::string_view id, const Json& old) const;
  Answer access_review(const Request& request) const;
  Answer collection(const Call& call) const;
  Answer create(const Call& call) const;
  Answer read(const Call& call, std::string_view id) const;
  Answer update(const Call& call, std::string_view id) const;
  Answer remove(const Call& call, std::string_view id) const;
  Answer act(const Call& call, std::string_view id, std::string_view action) const;
  Result<Json> find_anywhere(const Call& call, std::string_view id) const;
  Result<Json> body_of(const Request& request) const;

  Parts parts_;
  SchemaSet schemas_;
  DynamicSchemas dynamic_;
  Mapper mapper_;
  LinkPlans links_;
  Descriptions descriptions_;
  FieldSources sources_;
  mutable ShownTexts texts_;
};

}  // namespace engine
