#include "engine/norman/remote.h"

#include <algorithm>
#include <set>

#include "engine/access/admission/project_limits.h"
#include "engine/access/server_user.h"
#include "engine/base/text.h"
#include "engine/base/yaml.h"
#include "engine/cluster/proxy.h"
#include "engine/norman/import_yaml.h"
#include "engine/norman/remote_references.h"
#include "engine/norman/target.h"
#include "engine/norman/yaml_link.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr int kConflictsMax = 8;

bool has(const Json* list, std::string_view word) {
  if (!list || !list->is_array()) return false;
  return std::any_of(list->as_array().begin(), list->as_array().end(), [&](const Json& one) {
    return one.is_string() && (one.as_string() == word || one.as_string() == "*");
  });
}

// The names of objects of the kind that a SelfSubjectRulesReview's answer lets its subject read.
std::set<std::string> readable_names(const Json& review, const Kind& kind) {
  std::set<std::string> out;
  const Json* rules = review.at({"status", "resourceRules"});
  if (!rules || !rules->is_array()) return out;
  for (const Json& rule : rules->as_array()) {
    const Json* names = rule.find("resourceNames");
    if (!names || !names->is_array() || !has(rule.find("verbs"), "get") ||
        !has(rule.find("apiGroups"), kind.group) || !has(rule.find("resources"), kind.plural))
      continue;
    for (const Json& name : names->as_array())
      if (name.is_string()) out.insert(std::string(name.as_string()));
  }
  return out;
}

// One request of a client while the cluster is asked: what it needs outlives the request thread.
class Work final : public Conversation, public std::enable_shared_from_this<Work> {
 public:
  Work(const Call& original, std::string_view object_id, Remote::Ways ways)
      : request_(original.request),
        call_{original.norman, request_, original.schema, original.base, original.context, true},
        id_(object_id),
        ways_(std::move(ways)),
        type_(original.norman.parts().types.of(original.schema)),
        kind_(type_.kind_there(*original.norman.parts().registry.kinds().snapshot(),
                               original.schema)) {
    call_.link = original.link;
    call_.via = original.via;
    if (original.context.find(':') != std::string::npos) project_ = original.context;
  }

  const KindPtr& kind() const override { return kind_; }
  const Call& call() const override { return call_; }
  bool misplaced() const { return !kind_ || kind_->namespaced() == project_.empty(); }

  void begin(Reply reply) {
    reply_ = std::move(reply);
    if (!type_.is_optional()) return served();
    ask({.target = "/apis/" + kind_->group}, [self = shared_from_this()](Result<Json> group) {
      if (group) self->find_version(*group);
      if (group && self->kind_) return self->served();
      if (!group && group.error().code() != 404) return self->fail(group.error());
      self->fail(self->type_.not_held(self->call_.schema));
    });
  }

  void keep(std::shared_ptr<void> thing) override { kept_.push_back(std::move(thing)); }
  void ask(ClusterQuestion question, Heard heard) override {
    const bool user = question.as == ClusterQuestion::As::user;
    ClusterCall out{.method = std::move(question.method),
                    .target = std::move(question.target),
                    .headers = user ? ways_.identity : Headers(),
                    .body = std::move(question.body)};
    out.headers.set("Accept", std::move(question.accept));
    if (!out.body.empty()) out.headers.set("Content-Type", std::move(question.content_type));
    (user ? ways_.user : ways_.server)
        ->call(std::move(out),
               [self = shared_from_this(), heard = std::move(heard)](Result<Response> answer) {
                 if (!answer) return heard(answer.error());
                 if (answer->status >= 400) return heard(status_of(*answer));
                 auto object = parse_json(answer->body);
                 if (!object)
                   return heard(Status::other(
                       502, "BadGateway",
                       "the cluster's answer is not JSON: " + object.error().message()));
                 heard(std::move(*object));
               });
  }

 private:
  using As = ClusterQuestion::As;
  using Next = std::function<void(Json)>;
  // Gets the refusals of a request: true where it goes on from one.
  using Refused = std::function<bool(const Status&)>;

  void finish(int status, const Json& body) { reply_(norman_response(status, body, call_.base)); }
  void fail(const Status& status) { reply_(norman_error(status)); }
  void empty() { reply_(Response{.status = 204, .headers = {}, .body = {}}); }

  // Goes on with an answer that is no refusal.
  void get(ClusterQuestion question, Next next, Refused refused = {}) {
    ask(std::move(question), [self = shared_from_this(), next = std::move(next),
                              refused = std::move(refused)](Result<Json> heard) {
      if (heard) return next(std::move(*heard));
      if (!refused || !refused(heard.error())) self->fail(heard.error());
    });
  }
  std::string target(std::string_view id) const {
    const size_t colon = kind_->namespaced() ? id.find(':') : id.npos;
    if (colon == id.npos) return target_of(*kind_, "", id);
    return target_of(*kind_, id.substr(0, colon), id.substr(colon + 1));
  }

  // The version that we know where the cluster serves it, else the one that it likes best.
  void find_version(const Json& group) {
    const Json* versions = group.find("versions");
    if (!versions || !versions->is_array()) return kind_.reset();
    for (const Json& one : versions->as_array())
      if (one.str("version") == kind_->version) return;
    const std::string liked(group.str({"preferredVersion", "version"}));
    if (liked.empty()) return kind_.reset();
    kind_ = make_placed_kind(kind_->group, liked, kind_->kind, kind_->plural, kind_->scope);
  }

  // Items of a list come without their kind.
  static void name_kind(const Kind& kind, Json& object) {
    object.set("apiVersion", kind.api_version());
    object.set("kind", kind.kind);
  }
  void present(int status, Json object) {
    name_kind(*kind_, object);
    auto objects = std::make_shared<JsonArray>();
    objects->push_back(std::move(object));
    type_.before_show(*this, objects, [self = shared_from_this(), status, objects](auto ready) {
      if (!ready) return self->fail(ready.error());
      self->finish(status, self->call_.norman.present(self->call_, objects->front()));
    });
  }
  void present_list(const std::shared_ptr<JsonArray>& objects) {
    type_.before_show(*this, objects, [self = shared_from_this(), objects](auto ready) {
      if (!ready) return self->fail(ready.error());
      const Norman& norman = self->call_.norman;
      for (Json& object : *objects) object = norman.present(self->call_, object);
      self->finish(200, norman.collection_of(self->call_, std::move(*objects)));
    });
  }

  void list() {
    get(
        {.target = target("")},
        [self = shared_from_this()](Json answer) {
          self->show(std::move(answer), [](const Json&) { return true; });
        },
        [self = shared_from_this()](const Status& why) {
          if (why.code() != 403) return self->not_served(why);
          self->list_named();
          return true;
        });
  }
  // The group is there, the kind in it is not.
  bool not_served(const Status& why) {
    if (why.code() != 404 || !type_.is_optional()) return false;
    fail(type_.not_held(call_.schema));
    return true;
  }

  // Who may not list all is shown what they may read: those that the cluster says their rules name.
  void list_named() {
    Json review = Json::object({{"apiVersion", "authorization.k8s.io/v1"},
                                {"kind", "SelfSubjectRulesReview"},
                                {"spec", Json::object({{"namespace", "default"}})}});
    get({.method = "POST",
         .target = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
         .body = dump(review)},
        [self = shared_from_this()](const Json& answer) {
          auto names = readable_names(answer, *self->kind_);
          if (names.empty()) return self->show(Json::object(), [](const Json&) { return false; });
          // The server's own question, answered in part.
          self->get({.target = self->target(""), .as = As::server}, [self, names](Json all) {
            self->show(std::move(all), [&](const Json& item) {
              return names.count(std::string(item.str({"metadata", "name"}))) > 0;
            });
          });
        });
  }

  void show(Json answer, const std::function<bool(const Json&)>& which) {
    auto objects = std::make_shared<JsonArray>();
    add_items(answer, *kind_, *objects, which);
    present_list(objects);
  }
  void add_items(Json& answer, const Kind& kind, JsonArray& objects,
                 const std::function<bool(const Json&)>& which) const {
    Json* items = answer.find("items");
    if (!items || !items->is_array()) return;
    for (Json& item : items->as_array()) {
      name_kind(kind, item);
      if (type_.holds(item, call_.schema) && type_.is_listed(item) && which(item))
        objects.push_back(std::move(item));
    }
  }

  bool is_ours(const Json& ns) const {
    return ns.str({"metadata", "annotations", kProjectIdAnnotation}) == project_;
  }

  // Of a project: namespace by namespace, as the user; those that he may not list are left out.
  void list_project() {
    // All are asked for: a namespace says by annotation whose it is, not each has the label too.
    get({.target = "/api/v1/namespaces", .as = As::server},
        [self = shared_from_this()](const Json& answer) {
          std::vector<std::string> names;
          if (const Json* items = answer.find("items"); items && items->is_array())
            for (const Json& ns : items->as_array())
              if (self->is_ours(ns)) names.emplace_back(ns.str({"metadata", "name"}));
          self->list_namespaces(names);
        });
  }
  // Of a union each kind.
  std::vector<KindPtr> listed_kinds() const {
    const auto snapshot = call_.norman.parts().registry.kinds().snapshot();
    const SchemaSet& schemas = call_.norman.schemas();
    std::vector<KindPtr> out;
    for (const SchemaView* member : type_.members(schemas, call_.schema))
      out.push_back(call_.norman.parts().types.of(*member).kind_there(*snapshot, *member));
    if (out.empty()) out.push_back(kind_);
    return out;
  }
  void list_namespaces(const std::vector<std::string>& names) {
    struct Found {
      std::vector<KindPtr> kinds;
      std::shared_ptr<JsonArray> objects = std::make_shared<JsonArray>();
      std::optional<Status> failure = {};
    };
    auto found = std::make_shared<Found>();
    found->kinds = listed_kinds();
    std::vector<ClusterQuestion> questions;
    for (const std::string& ns : names)
      for (const KindPtr& kind : found->kinds)
        questions.push_back({.target = target_of(*kind, ns, "")});
    ask_all(
        *this, std::move(questions),
        [self = shared_from_this(), found](size_t at, Result<Json> answer) {
          if (!answer) {
            if (answer.error().code() != 403) found->failure = answer.error();
            return;
          }
          self->add_items(*answer, *found->kinds[at % found->kinds.size()], *found->objects,
                          [](const Json&) { return true; });
        },
        [self = shared_from_this(), found] {
          if (!found->failure) return self->present_list(found->objects);
          if (!self->not_served(*found->failure)) self->fail(*found->failure);
        });
  }

  // Goes on when the namespace is one of the project's.
  void within(const std::string& ns, std::function<void()> next) {
    const std::string why = "there is no namespace " + ns + " in this project";
    const Status missing = id_.empty()
                               ? Status::field_error(422, "InvalidReference", "namespaceId", why)
                               : Status::other(404, "NotFound", why);
    get(
        {.target = "/api/v1/namespaces/" + percent_escaped(ns), .as = As::server},
        [self = shared_from_this(), missing, next = std::move(next)](const Json& found) {
          self->is_ours(found) ? next() : self->fail(missing);
        },
        [self = shared_from_this(), missing](const Status& why) {
          if (why.code() != 404) return false;
          self->fail(missing);
          return true;
        });
  }

  // The object, when it is of this schema.
  void find(Next next) {
    get({.target = target(id_)}, [self = shared_from_this(), next = std::move(next)](Json object) {
      if (self->type_.holds(object, self->call_.schema)) return next(std::move(object));
      self->fail(Status::not_found({self->kind_->group, self->kind_->plural,
                                    std::string(object.str({"metadata", "name"}))}));
    });
  }

  void read() {
    find([self = shared_from_this()](Json object) {
      if (self->call_.link == "yaml") return self->reply_(yaml_of(std::move(object)));
      if (!self->call_.link.empty()) return self->follow(std::move(object));
      self->present(200, std::move(object));
    });
  }
  // What an object links to, as a collection of its type.
  void follow(Json object) {
    const Norman& norman = call_.norman;
    const SchemaView* schema = norman.schemas().published(
        call_.schema.path(), type_.linked_type(call_.schema, call_.link));
    linked_ = std::make_unique<Call>(
        Call{call_.norman, request_, *schema, call_.base, call_.context, true});
    KindPtr kind = norman.parts().types.of(*schema).kind_there(
        *norman.parts().registry.kinds().snapshot(), *schema);
    get({.target = target_of(*kind, object.str({"metadata", "namespace"}), "")},
        [self = shared_from_this(), kind, object = std::move(object)](Json answer) {
          JsonArray out;
          if (Json* items = answer.find("items"); items && items->is_array())
            for (Json& item : items->as_array()) {
              name_kind(*kind, item);
              if (self->type_.is_linked(object, item))
                out.push_back(self->call_.norman.present(*self->linked_, item));
            }
          self->finish(200, self->call_.norman.collection_of(*self->linked_, std::move(out)));
        });
  }

  void create() {
    Type::Place place;
    auto object = call_.norman.new_object(call_, *kind_, place);
    if (!object) return fail(object.error());
    auto stored = std::make_shared<Json>(std::move(*object));
    auto post = [self = shared_from_this(), stored, ns = place.ns] {
      self->checked(nullptr, stored, [self, stored, ns](Result<Unit> may) {
        if (!may) return self->fail(may.error());
        self->get(
            {.method = "POST", .target = target_of(*self->kind_, ns, ""), .body = dump(*stored)},
            [self](Json made) { self->created(std::make_shared<Json>(std::move(made))); });
      });
    };
    project_.empty() ? post() : within(place.ns, post);
  }
  void checked(const Type::Old& old, const std::shared_ptr<Json>& stored, Done done) {
    Json now = *stored, before = old ? *old : Json();
    type_.unfold(now);
    type_.unfold(before);
    check_remote_references(*this, old ? &before : nullptr, now,
                            [self = shared_from_this(), old, stored, done](Result<Unit> known) {
                              if (!known) return done(known);
                              self->type_.before_write(*self, old, stored, done);
                            });
  }
  // What belongs to it could not be made: it goes again, and the caller learns why.
  void created(const std::shared_ptr<Json>& made) {
    type_.after_write(*this, nullptr, made, [self = shared_from_this(), made](Result<Unit> done) {
      if (done) return self->present(201, std::move(*made));
      self->ask({.method = "DELETE",
                 .target = target_of(*self->kind_, made->str({"metadata", "namespace"}),
                                     made->str({"metadata", "name"}))},
                [self, why = done.error()](const Result<Json>& gone) {
                  if (gone) return self->fail(why);
                  Status both = why;
                  self->fail(both.with_message(
                      why.message() + "; and what was made stays: " + gone.error().message()));
                });
    });
  }

  // Controllers of the cluster write the same objects: what they were first with is done again on
  // what they wrote.
  bool again(const Status& why) {
    return why.is("Conflict") && call_.link.empty() && ++conflicts_ <= kConflictsMax;
  }

  void update() {
    find([self = shared_from_this()](Json found) {
      auto old = std::make_shared<const Json>(found);
      auto changed = self->call_.link.empty() ? self->merged(std::move(found))
                                              : yaml_replacement(self->request_, found);
      if (!changed) return self->fail(changed.error());
      auto stored = std::make_shared<Json>(std::move(*changed));
      self->checked(old, stored, [self, old, stored](Result<Unit> may) {
        if (!may) return self->fail(may.error());
        self->get(
            {.method = "PUT", .target = self->target(self->id_), .body = dump(*stored)},
            [self, old](Json made) { self->updated(old, std::make_shared<Json>(std::move(made))); },
            [self](const Status& why) {
              const bool more = self->again(why);
              if (more) self->update();
              return more;
            });
      });
    });
  }
  Result<Json> merged(Json stored) const {
    Json changes = TRY(call_.norman.changes_of(call_, stored));
    TRY(call_.norman.apply_changes(call_, changes, stored));
    return stored;
  }
  void updated(const Type::Old& old, const std::shared_ptr<Json>& made) {
    type_.after_write(*this, old, made, [self = shared_from_this(), made](Result<Unit> done) {
      if (!done) return self->fail(done.error());
      if (self->call_.link.empty()) return self->present(200, std::move(*made));
      self->reply_(yaml_of(std::move(*made)));
    });
  }

  void remove() {
    find([self = shared_from_this()](const Json&) {
      self->get({.method = "DELETE", .target = self->target(self->id_)}, [self](Json left) {
        // A Status: it is gone. An object: it is going.
        if (left.str("kind") == "Status") return self->empty();
        self->present(200, std::move(left));
      });
    });
  }

  void act(std::string_view action) {
    auto input = parse_json(request_.body.empty() ? "{}" : request_.body);
    if (!input)
      return fail(Status::other(422, "InvalidBodyContent",
                                "Failed to parse body: " + input.error().message()));
    auto patch = type_.remote_patch(call_, action, *input);
    if (!patch) return change(std::string(action), std::make_shared<const Json>(*input));
    if (!*patch) return fail(patch->error());
    get({.method = "PATCH",
         .target = target(id_),
         .body = dump(**patch),
         .content_type = "application/merge-patch+json"},
        [self = shared_from_this()](const Json&) { self->empty(); });
  }
  void change(const std::string& action, const std::shared_ptr<const Json>& input) {
    find([self = shared_from_this(), action, input](Json object) {
      name_kind(*self->kind_, object);
      auto stored = std::make_shared<Json>(std::move(object));
      auto write = [self, action, input, stored](Result<Unit> may) {
        if (!may) return self->fail(may.error());
        self->get(
            {.method = "PUT", .target = self->target(self->id_), .body = dump(*stored)},
            [self](const Json&) { self->empty(); },
            [self, action, input](const Status& why) {
              const bool more = self->again(why);
              if (more) self->change(action, input);
              return more;
            });
      };
      if (!self->type_.act_there(*self, action, *input, stored, write))
        self->fail(Status::other(404, "ActionNotAvailable", ""));
    });
  }

  void served() {
    const bool one = !id_.empty();
    if (project_.empty() || (!one && request_.method != "GET")) return act_on();
    if (!one) return list_project();
    within(id_.substr(0, id_.find(':')), [self = shared_from_this()] { self->act_on(); });
  }

  void act_on() {
    std::string_view action = request_.query.get("action");
    const bool one = !id_.empty();
    const SchemaView& schema = call_.via ? *call_.via : call_.schema;
    if (request_.method == "POST" && one && !action.empty()) return act(action);
    const bool may =
        one ? schema.resource_method(request_.method) : schema.collection_method(request_.method);
    if (may && request_.method == "GET") return one ? read() : list();
    if (may && request_.method == "POST" && !one) return create();
    if (may && request_.method == "PUT" && one) return update();
    if (may && request_.method == "DELETE" && one && call_.link.empty()) return remove();
    fail(Status::other(405, "MethodNotAllow", "Method " + request_.method + " not supported"));
  }

  const Request request_;
  Call call_;
  const std::string id_;
  const Remote::Ways ways_;
  const Type& type_;
  KindPtr kind_;
  std::string project_;           // C:P below /v3/project
  std::unique_ptr<Call> linked_;  // of what a link lists
  int conflicts_ = 0;
  std::vector<std::shared_ptr<void>> kept_;
  Reply reply_;
};

}  // namespace

Result<Remote::Ways> Remote::ways(const Call& call) const {
  auto kinds = norman_.parts().registry.kinds().snapshot();
  KindPtr clusters = kinds->stored(kGroup, "clusters"),
          projects = kinds->stored(kGroup, "projects");
  const size_t colon = call.context.find(':');
  const std::string cluster = call.context.substr(0, colon);
  if (colon != std::string::npos) {
    const std::string project = call.context.substr(colon + 1);
    if (!norman_.may(call.user(), "get", *projects, cluster, project))
      return Status::other(403, "Forbidden", "can not look up project " + call.context);
    if (!TRY(norman_.parts().dispatcher.get(*projects, cluster, project)))
      return Status::not_found({projects->group, projects->plural, project});
  } else if (!norman_.may(call.user(), "get", *clusters, "", cluster)) {
    return Status::other(403, "Forbidden", "can not look up cluster " + cluster);
  }
  if (cluster == kLocalCluster) return Ways{own_api_(call.user()), own_api_(server_user()), {}};
  if (!TRY(norman_.parts().dispatcher.get(*clusters, "", cluster)))
    return Status::not_found({clusters->group, clusters->plural, cluster});
  Ways out;
  out.user = out.server = clusters_.transport(cluster);
  if (!out.user)
    return Status::service_unavailable("there is no way to the cluster " + cluster + " now");
  std::vector<std::string> more;
  if (norman_.may(call.user(), "own", *clusters, "", cluster))
    more.emplace_back(kClusterOwnersGroup);
  // The head of a proxied request sets the identity, and refuses names that a header can't carry.
  Request bare;
  bare.method = "GET";
  auto head = TRY(upstream_head(bare, {cluster, "/", ""}, {call.user(), more}, {}));
  for (const auto& [name, value] : head.headers)
    if (name.starts_with("Impersonate-")) out.identity.add(name, value);
  return out;
}

Answer Remote::handle(const Call& call, std::string_view id) {
  auto found = ways(call);
  if (!found) return norman_error(found.error());
  auto work = std::make_shared<Work>(call, id, std::move(*found));
  if (work->misplaced())
    return norman_error(norman_.parts().types.of(call.schema).not_held(call.schema));
  return Pending{[work](Reply reply) { work->begin(std::move(reply)); }};
}

Answer Remote::import(const Call& call, const std::string& cluster, const Json& input) {
  auto ready = [&]() -> Result<Ways> {
    Call there = call;
    there.context = cluster;
    const std::string project(input.str("projectId"));
    if (project.empty()) return ways(there);
    const Status missing =
        Status::field_error(422, "InvalidReference", "projectId",
                            "there is no project " + project + " in this cluster");
    if (project.substr(0, project.find(':')) != cluster || project.find(':') == std::string::npos)
      return missing;
    there.context = project;
    if (!ways(there)) return missing;
    there.context = cluster;
    return ways(there);
  }();
  if (!ready) return norman_error(ready.error());
  return import_yaml(norman_.parts().env, std::move(*ready),
                     {.yaml = std::string(input.str("yaml")),
                      .ns = std::string(input.str("namespace")),
                      .default_ns = std::string(input.str("defaultNamespace")),
                      .project = std::string(input.str("projectId"))},
                     call.base);
}

}  // namespace engine
