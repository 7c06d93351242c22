#include "engine/norman/access_questions.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/access/admission/project_limits.h"
#include "engine/base/limits.h"
#include "engine/norman/hand_written_access.h"

namespace engine {
namespace {

constexpr Grant::Where kWheres[] = {Grant::Where::global, Grant::Where::cluster,
                                    Grant::Where::project};

std::string_view type_of(Grant::Where where) {
  if (where == Grant::Where::global) return "globalRoleBinding";
  return where == Grant::Where::cluster ? "clusterRoleTemplateBinding"
                                        : "projectRoleTemplateBinding";
}

// A template of the closure, how it is come to, and the rule of it that says yes.
struct Found {
  std::vector<std::string> path;  // the binding's template first
  PolicyRule rule;
};

struct Question {
  Attributes asked;
  std::string cluster, project;
  bool in_no_project = false;      // about a namespace that is in none
  std::set<std::string> subjects;  // keys; empty: anybody's

  bool is_about(const Grant& grant) const {
    if (!subjects.empty() && !subjects.count(grant.subject.key())) return false;
    if (grant.subject.kind == GrantSubject::Kind::none) return false;
    if (cluster.empty()) return true;
    if (grant.where == Grant::Where::global)
      // Global roles speak of this server; these two of every cluster.
      return cluster == "local" || grant.role == "admin" || grant.role == "restricted-admin";
    if (grant.cluster != cluster) return false;
    if (in_no_project) return grant.where == Grant::Where::cluster;
    return grant.where == Grant::Where::cluster || project.empty() || grant.project == project;
  }
};

// The shortest way from a template to one that says yes.
std::optional<Found> search(const GrantModel& model, const std::string& role,
                            const Attributes& asked) {
  std::map<std::string, std::string> come_from;
  std::vector<std::string> next{role};
  come_from[role] = "";
  for (size_t at = 0; at < next.size(); ++at) {
    auto of = model.template_of(next[at]);
    if (!of) continue;
    for (const PolicyRule& rule : model.rules_of(*of)) {
      if (!rule.allows(asked)) continue;
      Found found{{}, rule};
      for (std::string name = of->name; !name.empty(); name = come_from[name])
        found.path.insert(found.path.begin(), name);
      return found;
    }
    for (const std::string& parent : of->inherits)
      if (come_from.emplace(parent, of->name).second) next.push_back(parent);
  }
  return std::nullopt;
}

std::optional<Found> search_global(const GrantModel& model, const std::string& role,
                                   const Attributes& asked) {
  auto of = model.global_role(role);
  if (!of) return std::nullopt;
  for (const PolicyRule& rule : *of->rules)
    if (rule.allows(asked)) return Found{{role}, rule};
  return std::nullopt;
}

Json subject_json(const GrantSubject& subject) {
  static constexpr std::string_view kNames[] = {"", "user", "group", "serviceAccount"};
  std::string id = subject.ns.empty() ? subject.name : subject.ns + ":" + subject.name;
  return Json::object({{"type", kNames[static_cast<size_t>(subject.kind)]}, {"id", id}});
}

Json answer_json(const Grant& grant, const Found& found) {
  const bool global = grant.where == Grant::Where::global;
  Json chain = Json::array();
  if (grant.subject.kind == GrantSubject::Kind::group) chain.push_back(subject_json(grant.subject));
  std::string id = grant.ns.empty() ? grant.name : grant.ns + ":" + grant.name;
  chain.push_back(Json::object({{"type", type_of(grant.where)}, {"id", id}}));
  for (const std::string& role : found.path)
    chain.push_back(Json::object({{"type", global ? "globalRole" : "roleTemplate"}, {"id", role}}));
  chain.push_back(Json::object({{"type", "policyRule"}, {"rule", rule_json(found.rule)}}));
  Json project = grant.project.empty() ? Json() : Json(grant.cluster + ":" + grant.project);
  return Json::object({{"subject", subject_json(grant.subject)},
                       {"clusterId", global ? Json() : Json(grant.cluster)},
                       {"projectId", std::move(project)},
                       {"chain", std::move(chain)}});
}

Status not_a_question(std::string field, std::string why) {
  return Status::field_error(422, "MissingRequired", std::move(field), std::move(why));
}

void add_groups(const Json& question, std::set<std::string>& subjects) {
  if (const Json* groups = question.find("groupPrincipalIds"); groups && groups->is_array())
    for (const Json& group : groups->as_array())
      if (group.is_string()) subjects.insert("g:" + group.as_string());
}

Json review_json(size_t total, Json answers, bool of_local,
                 const std::vector<std::string>& unasked) {
  Json not_asked = Json::array();
  for (const std::string& id : unasked) not_asked.push_back(id);
  return Json::object(
      {{"type", "accessReview"},
       {"total", total},
       {"partial", total > limits::kAccessAnswersMax},
       {"answers", std::move(answers)},
       {"handWritten",
        Json::object({{"asked", of_local ? Json::array({Json(kLocalCluster)}) : Json::array()},
                      {"notAsked", std::move(not_asked)}})}});
}

}  // namespace

bool AccessQuestions::sees(const User& asker, const Grant& grant) {
  Attributes asked{};
  asked.verb = "get";
  asked.group = kGrantGroup;
  asked.resource = grant_plural(grant.where);
  asked.ns = grant.ns;
  asked.name = grant.name;
  return authorizer_.authorize(asker, asked).allowed;
}

bool AccessQuestions::sees_any(const User& asker) {
  Attributes asked{};
  asked.verb = "get";
  asked.group = kGrantGroup;
  return std::any_of(std::begin(kWheres), std::end(kWheres), [&](Grant::Where where) {
    asked.resource = grant_plural(where);
    return authorizer_.allowed_somewhere(asker, asked);
  });
}

Result<Json> AccessQuestions::answer(const User& asker, const Json& question) {
  if (!sees_any(asker))
    return Status::other(403, "Forbidden", "who may not see bindings may not ask about them");
  const Json* wanted = question.find("draft");
  return wanted && wanted->is_object() ? draft(asker, *wanted) : who(asker, question);
}

Result<Json> AccessQuestions::who(const User& asker, const Json& body) {
  const std::string verb(body.str("verb")), group(body.str("apiGroup")),
      whole(body.str("resource")), name(body.str("resourceName"));
  if (verb.empty()) return not_a_question("verb", "which verb is asked about");
  if (whole.empty()) return not_a_question("resource", "which resource is asked about");
  Question question;
  const size_t slash = whole.find('/');
  const std::string resource = whole.substr(0, slash),
                    part = slash == whole.npos ? std::string() : whole.substr(slash + 1);
  question.asked.verb = verb;
  question.asked.group = group;
  question.asked.resource = resource;
  question.asked.subresource = part;
  question.asked.name = name;
  question.cluster = body.str("clusterId");
  if (auto project = body.str("projectId"); project.find(':') != project.npos) {
    question.cluster = project.substr(0, project.find(':'));
    question.project = project.substr(project.find(':') + 1);
  }
  if (auto user = body.str("userId"); !user.empty()) {
    question.subjects.insert("u:" + std::string(user));
    for (const std::string& in : known_groups(parts_.dispatcher, parts_.kinds, parts_.groups, user))
      question.subjects.insert("g:" + in);
  }
  add_groups(body, question.subjects);
  HandWrittenAccess by_hand(authorizer_, parts_.dispatcher, parts_.kinds);
  const std::string ns(body.str("namespace"));
  if (!ns.empty()) {
    if (question.cluster.empty()) question.cluster = kLocalCluster;
    if (question.cluster != kLocalCluster)
      return Status::field_error(422, "InvalidOption", "namespace",
                                 "namespaces of other clusters are asked about by their projectId");
    question.project = by_hand.project_of(ns);
    question.in_no_project = question.project.empty();
  }

  std::vector<std::pair<GrantPtr, Found>> found;
  TRY(grants_.read([&](const GrantModel& model) {
    std::map<std::string, std::optional<Found>> by_role;  // each role is looked through once
    for (const auto& [id, grant] : model.all()) {
      if (!question.is_about(*grant)) continue;
      const bool global = grant->where == Grant::Where::global;
      auto [at, fresh] = by_role.try_emplace((global ? "g/" : "t/") + grant->role);
      if (fresh)
        at->second = global ? search_global(model, grant->role, question.asked)
                            : search(model, grant->role, question.asked);
      if (at->second) found.emplace_back(grant, *at->second);
    }
  }));
  Json answers = Json::array();
  size_t total = 0;
  for (const auto& [grant, how] : found) {
    if (!sees(asker, *grant)) continue;
    if (++total <= limits::kAccessAnswersMax) answers.push_back(answer_json(*grant, how));
  }
  const bool of_local = question.cluster.empty() || question.cluster == kLocalCluster;
  if (of_local) {
    auto more = by_hand.answer(asker, {question.asked, ns, question.project, question.subjects},
                               limits::kAccessAnswersMax - answers.size());
    total += more.total;
    for (Json& one : more.answers) answers.push_back(std::move(one));
  }
  return review_json(total, std::move(answers), of_local, clusters_not_asked(question.cluster));
}

// Clusters that the question is about whose own roles and bindings are not known here.
std::vector<std::string> AccessQuestions::clusters_not_asked(const std::string& cluster) {
  if (!cluster.empty())
    return cluster == kLocalCluster ? std::vector<std::string>() : std::vector{cluster};
  std::vector<std::string> out;
  auto kind = parts_.kinds.snapshot()->stored(kGrantGroup, "clusters");
  auto all = kind ? parts_.dispatcher.list(*kind, "", nullptr, "", 0)
                  : Result<Dispatcher::Snapshot>(Status::not_found_path());
  if (!all) return out;
  for (const auto& one : all->objects)
    if (one->name != kLocalCluster) out.push_back(one->name);
  return out;
}

Result<Json> AccessQuestions::draft(const User& asker, const Json& body) {
  Grant grant;
  grant.name = "draft";
  grant.role = body.str("roleTemplateId");
  if (auto global = body.str("globalRoleId"); !global.empty()) {
    grant.role = global;
  } else if (auto project = body.str("projectId"); project.find(':') != project.npos) {
    grant.where = Grant::Where::project;
    grant.cluster = project.substr(0, project.find(':'));
    grant.ns = grant.project = project.substr(project.find(':') + 1);
  } else {
    grant.where = Grant::Where::cluster;
    grant.ns = grant.cluster = body.str("clusterId");
    if (grant.cluster.empty()) return not_a_question("clusterId", "where the binding would be");
  }
  if (grant.role.empty()) return not_a_question("roleTemplateId", "which role it would give");
  if (!sees(asker, grant))
    return Status::other(403, "Forbidden", "who may not see bindings there may not ask about them");
  User subject;
  subject.name = body.str("userId");
  if (auto group = body.str("groupPrincipalId"); !group.empty()) subject.groups.emplace_back(group);
  if (subject.name.empty() && subject.groups.empty())
    return not_a_question("userId", "whom it would name");
  const bool global = grant.where == Grant::Where::global;
  Json adds = Json::array();
  bool known = true;
  TRY(grants_.read([&](const GrantModel& model) {
    auto add = [&](const std::string& role, const std::vector<PolicyRule>& rules,
                   const std::vector<const PolicyRule*>& held) {
      for (const PolicyRule& rule : rules)
        if (!rules_cover(held, rule))
          adds.push_back(Json::object(
              {{global ? "globalRoleId" : "roleTemplateId", role}, {"rule", rule_json(rule)}}));
    };
    auto held = Grants::held(model, subject, grant.cluster, grant.project);
    if (global) {
      auto role = model.global_role(grant.role);
      known = role != nullptr;
      if (role) add(role->name, *role->rules, Grants::held_globally(model, subject));
      return;
    }
    auto closure = model.closure(grant.role);
    known = !closure.empty();
    for (const auto& role : closure) add(role->name, model.rules_of(*role), held);
  }));
  if (!known)
    return Status::field_error(422, "InvalidReference", global ? "globalRoleId" : "roleTemplateId",
                               "there is no role " + grant.role);
  return Json::object(
      {{"type", "accessReview"}, {"total", adds.size()}, {"adds", std::move(adds)}});
}

}  // namespace engine
