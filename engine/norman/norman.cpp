#include "engine/norman/norman.h"

#include <algorithm>

#include "engine/base/answers.h"
#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/norman/access_questions.h"
#include "engine/norman/collection.h"
#include "engine/norman/difference.h"
#include "engine/norman/links.h"
#include "engine/norman/lister.h"
#include "engine/norman/presenter.h"
#include "engine/norman/project_scope.h"
#include "engine/norman/references.h"
#include "engine/norman/target.h"
#include "engine/norman/yaml_link.h"

namespace engine {
namespace {

constexpr std::string_view kAnonymous = "system:anonymous";
constexpr std::string_view kLocal = "local";
// What a client must read before it can log in: an agent the CA, a browser whether this is the
// first login.
constexpr std::string_view kOpenSettings[] = {"cacerts", "first-login"};

bool open_to_all(const Target& target, std::string_view method) {
  if (target.path == "/v3-public") return true;
  bool setting =
      target.schema && target.path == "/v3" && target.schema->id() == "setting" && method == "GET";
  return setting && std::find(std::begin(kOpenSettings), std::end(kOpenSettings), target.id) !=
                        std::end(kOpenSettings);
}

Status method_not_supported(std::string_view method) {
  return Status::other(405, "MethodNotAllow", "Method " + std::string(method) + " not supported");
}

Status no_such_link(std::string_view link) {
  return Status::other(404, "NotFound", "no such link: " + std::string(link));
}

std::string type_prefix(std::string_view id) {
  std::string out(1, static_cast<char>(std::tolower(static_cast<unsigned char>(id[0]))));
  for (char c : id.substr(1))
    if (std::isupper(static_cast<unsigned char>(c)))
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out + "-";
}

// Where an object goes that says no namespace: to its project's or cluster's, else where the
// server keeps what belongs to nobody.
std::string home_of(const SchemaView& schema, const Json& body) {
  if (std::string_view project = body.str("projectId"); !project.empty())
    return std::string(project.substr(project.find(':') + 1));
  if (std::string_view cluster = body.str("clusterId"); !cluster.empty())
    return std::string(cluster);
  return schema.id() == "nodeTemplate" ? "cattle-global-nt" : "cattle-global-data";
}

About about(const Kind& kind, std::string_view name) {
  return {kind.group, kind.plural, std::string(name)};
}

// Namespace and name of a stored object.
std::pair<std::string, std::string> place_of(const Json& stored) {
  return {std::string(stored.str({"metadata", "namespace"})),
          std::string(stored.str({"metadata", "name"}))};
}

Status refused(const User& user, const std::string& verb, const Kind& kind, std::string_view name) {
  return Status::forbidden(
      about(kind, name), user.name,
      "cannot " + verb + " resource \"" + kind.plural + "\" in API group \"" + kind.group + "\"");
}

// A DELETE that says what it would do.
bool only_tried(const Request& request) {
  return request.query.get("dryRun") == "All";
}

// Whoever asks for a try is never answered by the deed.
Result<Unit> may_be_tried(const Request& request, bool remote) {
  if (!request.query.has("dryRun")) return Unit{};
  if (!only_tried(request))
    return Status::field_error(422, "InvalidOption", "dryRun", "the only value is All");
  if (request.method == "DELETE" && !remote) return Unit{};
  return Status::field_error(422, "InvalidOption", "dryRun",
                             "only a DELETE of what this server holds can be tried");
}

}  // namespace

Norman::Norman(Parts parts)
    : parts_(std::move(parts)),
      dynamic_(parts_.env, parts_.registry, parts_.dispatcher, schemas_),
      mapper_(schemas_),
      links_(schemas_),
      descriptions_(schemas_),
      sources_(mapper_),
      texts_(kShownTextsBytesMax) {}

std::string Norman::base_of(const Request& request) const {
  std::string configured = parts_.server_url ? parts_.server_url() : std::string();
  std::string host(request.headers.get("Host"));
  if (host.empty()) return configured;
  return request.scheme + "://" + host;
}

KindPtr Norman::holder(const SchemaView& schema) const {
  auto kinds = parts_.registry.kinds().snapshot();
  return parts_.types.of(schema).holder(*kinds, schema);
}

bool Norman::may(const User& user, std::string_view verb, const Kind& kind, std::string_view ns,
                 std::string_view name) const {
  return parts_.authorizer
      .authorize(user, {.verb = verb,
                        .group = kind.group,
                        .resource = kind.plural,
                        .subresource = {},
                        .ns = ns,
                        .name = name,
                        .path = {}})
      .allowed;
}

bool Norman::may_somewhere(const User& user, std::string_view verb, const Kind& kind) const {
  if (!kind.namespaced()) return may(user, verb, kind, "", "");
  return parts_.authorizer.allowed_somewhere(user, {.verb = verb,
                                                    .group = kind.group,
                                                    .resource = kind.plural,
                                                    .subresource = {},
                                                    .ns = {},
                                                    .name = {},
                                                    .path = {}});
}

Answer Norman::handle(Request& request) {
  if (auto asset = ui_asset(request.path); asset && request.method == "GET")
    return std::move(*asset);
  dynamic_.catch_up();
  auto form = answer_form(request);
  if (!form) return norman_error(form.error());
  if (*form == AnswerForm::json) return in_json(request);
  Request seen = request;
  seen.body.clear();
  return reshaped(*form, std::make_shared<const Request>(std::move(seen)), in_json(request));
}

Answer Norman::reshaped(AnswerForm form, std::shared_ptr<const Request> asked, Answer answer) {
  return when_settled(std::move(answer), [form, asked = std::move(asked)](Answer came) {
    if (auto* response = std::get_if<Response>(&came))
      return Answer(in_form(form, *asked, std::move(*response)));
    return came;
  });
}

Answer Norman::in_json(Request& request) {
  std::string action(request.query.get("action"));
  auto target = resolve_target(schemas_, request.path);
  const bool slow =
      target && target->schema && parts_.types.of(*target->schema).is_slow(request.method, action);
  if (!slow) return answer(request);
  // Hashing a password takes its time by design: not on a request thread.
  auto held = std::make_shared<Request>(std::move(request));
  return Pending{[this, held](Reply reply) {
    parts_.env.post_slow([this, held, reply = std::move(reply)] { reply(answer(*held)); });
  }};
}

Answer Norman::access_review(const Request& request) const {
  if (request.user.name == kAnonymous)
    return norman_error(Status::other(401, "Unauthorized", "must authenticate"));
  if (request.method != "POST") return norman_error(method_not_supported(request.method));
  auto question = body_of(request);
  if (!question) return norman_error(question.error());
  auto answer = parts_.access_questions(request.user, *question);
  if (!answer) return norman_error(answer.error());
  return norman_response(200, *answer, base_of(request));
}

Answer Norman::answer(Request& request) {
  const std::string base = base_of(request);
  if (parts_.access_questions && request.path == AccessQuestions::kPath)
    return access_review(request);
  auto found = resolve_target(schemas_, request.path);
  Answer out = found ? answer_at(*found, request, base) : Answer(norman_error(found.error()));
  // Clients find the schemas of where they are in each answer.
  if (auto* response = std::get_if<Response>(&out)) {
    std::string place = found ? found->path : std::string("/v3");
    if (found && !found->context.empty()) place += "/" + found->context;
    response->headers.set("X-Api-Schemas", base + place + "/schemas");
  }
  return out;
}

Answer Norman::answer_at(const Target& target, Request& request, const std::string& base) {
  if (request.user.name == kAnonymous && !open_to_all(target, request.method))
    return norman_error(Status::other(401, "Unauthorized", "must authenticate"));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!target.schema || target.what == Target::What::schemas) {
    if (!reads) return norman_error(method_not_supported(request.method));
    return descriptions_.describe(target, base);
  }
  if (target.path == "/meta" && reads && target.schema->id() == "apiRoot")
    return descriptions_.roots(base);
  const Type& type = parts_.types.of(*target.schema);
  std::string id = target.id;
  auto schema = type.narrowed(schemas_, *target.schema, request, id);
  if (!schema) return norman_error(schema.error());
  Call call{*this, request, **schema, base, target.context};
  if (*schema != target.schema) call.via = target.schema;
  call.scope_field = target.scope_field;
  call.scope_id = target.scope_id;
  const std::string cluster = target.context.substr(0, target.context.find(':'));
  const bool remote =
      !cluster.empty() && parts_.downstream && !target.path.starts_with("/v3-") &&
      (type.lives_in_cluster() || (target.path == "/v3/cluster" && cluster != kLocal));
  if (!target.link.empty()) {
    const bool writes = request.method == "PUT" && lower(target.link) == "yaml";
    if (!reads && !writes) return norman_error(no_such_link(target.link));
    call.link = lower(target.link);
    if (remote && call.link != "yaml" && type.linked_type(call.schema, call.link).empty())
      return norman_error(no_such_link(target.link));
    if (!remote) return follow_link(call, id, target.link);
  }
  if (!reads)
    if (auto good = may_be_tried(request, remote); !good) return norman_error(good.error());
  if (remote) return parts_.downstream(call, id);
  std::string_view action = request.query.get("action");
  if (request.method == "POST" && !action.empty()) return act(call, id, action);
  const bool one = !id.empty();
  if (reads) return one ? read(call, id) : collection(call);
  if (request.method == "POST" && !one) return create(call);
  if (request.method == "PUT" && one) return update(call, id);
  if (request.method == "DELETE" && one) return remove(call, id);
  return norman_error(method_not_supported(request.method));
}

// yaml, exportyaml: the object as kubectl would write it, without what clients never see; a PUT
// brings it back.
Answer Norman::follow_link(const Call& call, std::string_view id, std::string_view link) const {
  const std::string name = lower(link);
  const bool offered =
      call.context.empty() ? name == "exportyaml" && links_.exports(call.schema) : name == "yaml";
  const bool writes = call.request.method == "PUT";
  if (!offered || (writes && name != "yaml")) return norman_error(no_such_link(link));
  if (writes && !call.schema.resource_method("PUT"))
    return norman_error(method_not_supported("PUT"));
  auto stored = find_stored(call, id);
  if (!stored) return norman_error(stored.error());
  if (!writes) return yaml_of(exported(call, *stored));
  auto written = replace(call, id, *stored);
  return written ? yaml_of(exported(call, *written)) : norman_error(written.error());
}

Json Norman::exported(const Call& call, Json stored) const {
  Json before = stored;
  mapper_.to_api(call.schema, before);
  Json after = before;
  for (const Field& field : call.schema.fields())
    if (field.type == "password" || field.write_only) after.erase(field.name);
  mapper_.to_stored(call.schema, before);
  mapper_.to_stored(call.schema, after);
  apply_difference(stored, before, after);
  if (Json* metadata = stored.find("metadata")) metadata->erase("managedFields");
  return stored;
}

// What the link does not show stays as it is.
Result<Json> Norman::replace(const Call& call, std::string_view id, const Json& old) const {
  KindPtr kind = holder(call.schema);
  auto [ns, name] = split_id(call.schema, id);
  if (!may(call.user(), "update", *kind, ns, name) &&
      !parts_.types.of(call.schema).owns(call, old, "update"))
    return refused(call.user(), "update", *kind, name);
  const Json shown = exported(call, old);
  const Json given = TRY(yaml_replacement(call.request, shown));
  const std::string seen(given.str({"metadata", "resourceVersion"}));
  WriteOptions options{.user = call.user(), .field_manager = "paddock"};
  auto written =
      TRY(parts_.registry.modify(*kind, ns, name, options, [&](Json& stored) -> Result<bool> {
        if (stored.str({"metadata", "resourceVersion"}) != seen)
          return Status::conflict(about(*kind, name),
                                  "the object has been modified; please apply your changes to the "
                                  "latest version and try again");
        apply_difference(stored, shown, given);
        return true;
      }));
  return written.object.json();
}

Result<Json> Norman::body_of(const Request& request) const {
  return parse_body(request);
}

Json Norman::present(const Call& call, const Json& stored, WriteOnly write_only) const {
  return Presenter(*this, call).object(stored, write_only);
}

Result<JsonArray> Norman::visible(const Call& call) const {
  KindPtr kind = holder(call.schema);
  if (!kind) return parts_.types.of(call.schema).not_held(call.schema);
  TRY(parts_.dispatcher.fresh(parts_.env.now() + limits::kCacheWait));
  auto snapshot = TRY(parts_.dispatcher.list(*kind, "", nullptr, "", 0));
  const Type& type = parts_.types.of(call.schema);
  const bool all = may(call.user(), "list", *kind, "", "");
  JsonArray out;
  for (const auto& cached : snapshot.objects) {
    const bool allowed = all || may(call.user(), "get", *kind, cached->ns, cached->name);
    Json stored = MUST(parse_json(*cached->bytes));  // the cache holds only what was validated
    if (!type.holds(stored, call.schema) || !(allowed || type.owns(call, stored, "get"))) continue;
    out.push_back(std::move(stored));
  }
  return out;
}

Result<Json> Norman::find_stored(const Call& call, std::string_view id) const {
  Json found = TRY(find_anywhere(call, id));
  const ProjectScope project = TRY(ProjectScope::of(*this, call));
  if (!project.holds(found.str({"metadata", "namespace"})))
    return Status::not_found(about(*holder(call.schema), id));
  if (call.scope_field.empty()) return found;
  // Of another cluster or project: not there.
  Json mapped = found;
  mapper_.to_api(call.schema, mapped);
  if (mapped.str(call.scope_field) == call.scope_id) return found;
  KindPtr kind = holder(call.schema);
  return Status::not_found(about(*kind, id));
}

Result<Json> Norman::find_anywhere(const Call& call, std::string_view id) const {
  if (auto own = parts_.types.of(call.schema).own_find(call, id)) return *own;
  KindPtr kind = holder(call.schema);
  if (!kind) return parts_.types.of(call.schema).not_held(call.schema);
  auto [ns, name] = split_id(call.schema, id);
  const bool allowed = may(call.user(), "get", *kind, ns, name);
  const Type& type = parts_.types.of(call.schema);
  TRY(parts_.dispatcher.fresh(parts_.env.now() + limits::kCacheWait));
  auto found = TRY(parts_.dispatcher.get(*kind, ns, name));
  if (!found) {
    if (!allowed)
      return Status::other(403, "Forbidden",
                           "can not look up " + call.schema.id() + " " + std::string(id));
    return Status::not_found(about(*kind, name));
  }
  Json stored = MUST(parse_json(*found->bytes));  // the cache holds only what was validated
  if (!allowed && !type.owns(call, stored, "get"))
    return Status::other(403, "Forbidden",
                         "can not look up " + call.schema.id() + " " + std::string(id));
  if (!type.holds(stored, call.schema)) return Status::not_found(about(*kind, name));
  return stored;
}

CollectionRequest Norman::collection_request(const Call& call) const {
  const Type& type = parts_.types.of(call.schema);
  KindPtr kind = holder(call.schema);
  std::string url = call.context.empty()
                        ? call.schema.collection_path()
                        : call.schema.path() + "/" + call.context +
                              call.schema.collection_path().substr(call.schema.path().size());
  bool creatable = call.schema.collection_method("POST") &&
                   (call.remote || (kind && may_somewhere(call.user(), "create", *kind)) ||
                    type.may_create(call, Json()));
  CollectionRequest asked{call.schema,
                          call.request.query,
                          call.base + call.request.path,
                          creatable ? call.base + url : std::string(),
                          {}};
  for (const std::string& action : type.collection_actions(call))
    asked.actions.emplace_back(action, call.base + url + "?action=" + action);
  return asked;
}

Json Norman::collection_of(const Call& call, JsonArray objects) const {
  return make_collection(collection_request(call), std::move(objects));
}

Answer Norman::collection(const Call& call) const {
  if (!call.schema.collection_method("GET")) return norman_error(method_not_supported("GET"));
  auto listed = Lister(*this, call, sources_).answer();
  if (!listed) return norman_error(listed.error());
  return std::move(*listed);
}

Result<Json> Norman::new_object(const Call& call, const Kind& kind, Type::Place& place) const {
  const Type& type = parts_.types.of(call.schema);
  Json raw = TRY(body_of(call.request));
  if (!call.scope_field.empty() && raw.str(call.scope_field).empty())
    raw.set(call.scope_field, call.scope_id);
  Json body = TRY(read_body(schemas_, call.schema, raw, BodyUse::create));
  place.ns = body.str("namespaceId");
  place.generate_name = type_prefix(call.schema.id());
  if (!mapper_.has_display_name(call.schema)) place.name = body.str("name");
  TRY(type.before_create(call, raw, body, place));
  TRY(check_references(*this, call, body, nullptr));
  const ProjectScope project = TRY(ProjectScope::of(*this, call));
  if (place.ns.empty() && kind.namespaced())
    place.ns = project.limits() ? project.home() : home_of(call.schema, body);
  if (!place.ns.empty() && !project.holds(place.ns))
    return Status::field_error(422, "InvalidReference", "namespaceId",
                               "there is no namespace " + place.ns + " in this project");
  if (!call.remote && !may(call.user(), "create", kind, place.ns, "") &&
      !type.may_create(call, body))
    return refused(call.user(), "create", kind, "");
  Json stored = std::move(body);
  mapper_.to_stored(call.schema, stored);
  stored.set("apiVersion", kind.api_version());
  stored.set("kind", kind.kind);
  Json& metadata = stored["metadata"];
  if (!place.name.empty()) {
    metadata.set("name", place.name);
  } else {
    metadata.erase("name");
    metadata.set("generateName", place.generate_name);
  }
  if (!place.ns.empty()) metadata.set("namespace", place.ns);
  metadata["labels"].set("cattle.io/creator", "norman");
  metadata["annotations"].set("field.cattle.io/creatorId", call.user().name);
  TRY(type.to_store(call, stored));
  return stored;
}

Answer Norman::create(const Call& call) const {
  if (!call.schema.collection_method("POST")) return norman_error(method_not_supported("POST"));
  auto made = [&]() -> Result<Json> {
    KindPtr kind = holder(call.schema);
    if (!kind) return parts_.types.of(call.schema).not_held(call.schema);
    Type::Place place;
    Json stored = TRY(new_object(call, *kind, place));
    WriteOptions options{.user = call.user(), .field_manager = "paddock"};
    const Type& type = parts_.types.of(call.schema);
    auto written = parts_.registry.create(*kind, place.ns, std::move(stored), options);
    if (!written) return type.refused_create(written.error());
    Json object = written->object.json();
    Json out = present(call, object, WriteOnly::show);
    TRY(type.after_create(call, object, out));
    return out;
  }();
  return made ? norman_response(201, *made, call.base) : norman_error(made.error());
}

Answer Norman::read(const Call& call, std::string_view id) const {
  if (!call.schema.resource_method("GET") && call.schema.path() != "/v3-public")
    return norman_error(method_not_supported("GET"));
  auto stored = find_stored(call, id);
  if (!stored) return norman_error(stored.error());
  return norman_response(200, present(call, *stored), call.base);
}

Result<Json> Norman::changes_of(const Call& call, const Json& old) const {
  Json raw = TRY(body_of(call.request));
  Json changes = TRY(read_body(schemas_, call.schema, raw, BodyUse::update));
  TRY(parts_.types.of(call.schema).before_update(call, old, changes));
  Json before = old;
  parts_.types.of(call.schema).unfold(before);
  mapper_.to_api(call.schema, before);
  TRY(check_references(*this, call, changes, &before));
  return changes;
}

Result<Unit> Norman::apply_changes(const Call& call, const Json& changes, Json& stored) const {
  parts_.types.of(call.schema).unfold(stored);
  Json before = stored;
  mapper_.to_api(call.schema, before);
  Json after = before;
  merge_update(schemas_, call.schema, after, changes);
  mapper_.to_stored(call.schema, before);
  mapper_.to_stored(call.schema, after);
  apply_difference(stored, before, after);
  return parts_.types.of(call.schema).to_store(call, stored);
}

Answer Norman::update(const Call& call, std::string_view id) const {
  if (!call.schema.resource_method("PUT")) return norman_error(method_not_supported("PUT"));
  auto changed = [&]() -> Result<Json> {
    Json old = TRY(find_stored(call, id));
    KindPtr kind = holder(call.schema);
    const Type& type = parts_.types.of(call.schema);
    const auto [ns, name] = place_of(old);
    if (!may(call.user(), "update", *kind, ns, name) && !type.owns(call, old, "update"))
      return refused(call.user(), "update", *kind, name);
    Json changes = TRY(changes_of(call, old));
    WriteOptions options{.user = call.user(), .field_manager = "paddock"};
    auto written =
        TRY(parts_.registry.modify(*kind, ns, name, options, [&](Json& stored) -> Result<bool> {
          TRY(apply_changes(call, changes, stored));
          return true;
        }));
    return present(call, written.object.json());
  }();
  return changed ? norman_response(200, *changed, call.base) : norman_error(changed.error());
}

Answer Norman::remove(const Call& call, std::string_view id) const {
  if (!call.schema.resource_method("DELETE")) return norman_error(method_not_supported("DELETE"));
  auto removed = [&]() -> Result<std::variant<std::monostate, Json, Answer>> {
    Json old = TRY(find_stored(call, id));
    KindPtr kind = holder(call.schema);
    const Type& type = parts_.types.of(call.schema);
    const auto [ns, name] = place_of(old);
    if (!may(call.user(), "delete", *kind, ns, name) && !type.owns(call, old, "delete"))
      return Status::forbidden(
          about(*kind, name), call.user().name,
          "cannot delete resource \"" + kind->plural + "\" in API group \"" + kind->group + "\"");
    TRY(type.before_remove(call, old));
    if (only_tried(call.request)) {
      if (auto told = type.removal(call, old)) return std::move(*told);
      return present(call, old);
    }
    auto done = TRY(parts_.registry.remove(*kind, ns, name, {.user = call.user()}));
    if (done.gone) return std::monostate();
    return present(call, done.object.json());
  }();
  if (!removed) return norman_error(removed.error());
  if (auto* told = std::get_if<Answer>(&*removed)) return std::move(*told);
  if (auto* left = std::get_if<Json>(&*removed)) return norman_response(200, *left, call.base);
  return Response{.status = 204, .headers = {}, .body = {}};
}

Answer Norman::act(const Call& call, std::string_view id, std::string_view action) const {
  const Type& type = parts_.types.of(call.schema);
  const Json* known = call.schema.json().find(id.empty() ? "collectionActions" : "resourceActions");
  const Json* declared = nullptr;
  std::string name;
  auto asked = [&](std::string_view key) { return lower(key) == lower(action); };
  if (known && known->is_object())
    for (const auto& [key, value] : known->as_object())
      if (asked(key)) declared = &value, name = key;
  const Json unlisted = Json::object();
  if (!declared && id.empty())
    for (std::string& key : type.unlisted_collection_actions())
      if (asked(key)) declared = &unlisted, name = std::move(key);
  if (!declared)
    return norman_error(
        Status::other(422, "InvalidAction", "Invalid action: " + std::string(action)));
  auto input = [&]() -> Result<Json> {
    Json raw = TRY(body_of(call.request));
    std::string_view shape = declared->str("input");
    const SchemaView* schema = shape.empty() ? nullptr : schemas_.any(call.schema.path(), shape);
    return schema ? read_body(schemas_, *schema, raw, BodyUse::action)
                  : Result<Json>(std::move(raw));
  }();
  if (!input) return norman_error(input.error());
  std::optional<Answer> out;
  if (id.empty()) {
    out = type.collection_action(call, name, *input);
  } else {
    auto stored = find_stored(call, id);
    if (!stored) return norman_error(stored.error());
    out = type.action(call, name, *stored, *input);
  }
  if (!out) return norman_error(Status::other(404, "ActionNotAvailable", ""));
  return std::move(*out);
}

}  // namespace engine
