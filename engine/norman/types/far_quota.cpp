#include "engine/norman/types/far_quota.h"

#include "engine/access/admission/project_limits.h"

namespace engine {
namespace {

// A namespace that its controller has found not to fit takes nothing, nor does one that ends.
constexpr std::string_view kNotValid = R"("Type":"ResourceQuotaValidated","Status":"False")";

struct Question {
  std::string project, name;  // C:P, and the namespace's
  Amounts limit, otherwise, part, had;
};

Result<Unit> fits(const Question& asked, const Json& answer) {
  Amounts all = asked.part;
  const Json* items = answer.find("items");
  if (items && items->is_array())
    for (const Json& ns : items->as_array()) {
      if (ns.str({"metadata", "name"}) == asked.name ||
          ns.str({"metadata", "annotations", kProjectIdAnnotation}) != asked.project ||
          !ns.str({"metadata", "deletionTimestamp"}).empty() ||
          ns.str({"metadata", "annotations", kNamespaceStatusAnnotation}).find(kNotValid) !=
              std::string_view::npos)
        continue;
      all.add(completed_limit(namespace_limit(ns), asked.otherwise, asked.limit));
    }
  std::string over;
  for (const auto& [field, quantity] : asked.part.all()) {
    const Quantity *most = asked.limit.find(field), *had = asked.had.find(field);
    if (most && *most < *all.find(field) && (!had || *had < quantity))
      over += (over.empty() ? "" : ", ") + field;
  }
  if (over.empty()) return Unit{};
  return Status::field_error(422, "MaxLimitExceeded", "resourceQuota",
                             "exceeds the limit of project " +
                                 asked.project.substr(asked.project.find(':') + 1) +
                                 " on fields: " + over);
}

}  // namespace

void FarQuota::check(Conversation& with, const Json& project, const Json* old, const Json& ns,
                     const Done& done) {
  auto asked = std::make_shared<Question>();
  asked->project = ns.str({"metadata", "annotations", kProjectIdAnnotation});
  asked->name = ns.str({"metadata", "name"});
  auto limit = read_limit(project.at({"spec", "resourceQuota", "limit"}), "resourceQuota");
  auto otherwise = read_limit(project.at({"spec", "namespaceDefaultResourceQuota", "limit"}), "");
  if (!limit || !otherwise) return done(limit ? otherwise.error() : limit.error());
  asked->limit = std::move(*limit);
  asked->otherwise = std::move(*otherwise);
  asked->part = completed_limit(namespace_limit(ns), asked->otherwise, asked->limit);
  if (old && old->str({"metadata", "annotations", kProjectIdAnnotation}) == asked->project)
    asked->had = completed_limit(namespace_limit(*old), asked->otherwise, asked->limit);
  auto go = [&with, asked, done] {
    // All of them: a namespace says by annotation whose it is, and not each has the label too.
    with.ask({.target = "/api/v1/namespaces", .as = ClusterQuestion::As::server},
             [asked, done](const Result<Json>& answer) {
               done(answer ? fits(*asked, *answer) : Result<Unit>(answer.error()));
             });
  };
  const Turn turn = enter(asked->project, &with, go);
  if (turn == Turn::full)
    return done(Status::too_many_requests("too many namespaces of this project change at once", 1));
  // Given back when the request is over, however it ends.
  if (turn != Turn::held)
    with.keep(std::shared_ptr<void>(
        nullptr, [queues = queues_, id = asked->project](void*) { leave(queues, id); }));
  if (turn != Turn::later) go();
}

FarQuota::Turn FarQuota::enter(const std::string& project, const void* who,
                               const std::function<void()>& go) {
  std::lock_guard lock(queues_->mutex);
  Queue& queue = queues_->by_project[project];
  if (queue.holder == who) return Turn::held;
  if (queue.holder == nullptr) {
    queue.holder = who;
    return Turn::now;
  }
  if (queue.waiting.size() >= kQuotaWaitersMax) return Turn::full;
  queue.waiting.emplace_back(who, go);
  return Turn::later;
}

void FarQuota::leave(const std::shared_ptr<Queues>& queues, const std::string& project) {
  std::function<void()> next;
  {
    std::lock_guard lock(queues->mutex);
    auto found = queues->by_project.find(project);
    if (found == queues->by_project.end()) return;
    Queue& queue = found->second;
    if (queue.waiting.empty()) {
      queues->by_project.erase(found);
      return;
    }
    queue.holder = queue.waiting.front().first;
    next = std::move(queue.waiting.front().second);
    queue.waiting.pop_front();
  }
  queues->env.post(std::move(next));
}

}  // namespace engine
