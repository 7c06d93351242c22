#include "engine/norman/conversation.h"

#include <algorithm>
#include <mutex>

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

struct Round {
  std::mutex mutex;
  std::vector<ClusterQuestion> questions;
  std::function<void(size_t, Result<Json>)> heard;
  std::function<void()> done;
  size_t next = 0, left = 0;
};

void ask_next(Conversation& conversation, const std::shared_ptr<Round>& round) {
  size_t at = 0;
  {
    std::lock_guard lock(round->mutex);
    if (round->next == round->questions.size()) return;
    at = round->next++;
  }
  conversation.ask(std::move(round->questions[at]),
                   [&conversation, round, at](Result<Json> answer) {
                     bool last = false;
                     {
                       std::lock_guard lock(round->mutex);
                       round->heard(at, std::move(answer));
                       last = --round->left == 0;
                     }
                     last ? round->done() : ask_next(conversation, round);
                   });
}

}  // namespace

void ask_all(Conversation& conversation, std::vector<ClusterQuestion> questions,
             std::function<void(size_t, Result<Json>)> heard, std::function<void()> done) {
  if (questions.empty()) return done();
  auto round = std::make_shared<Round>();
  round->left = questions.size();
  round->questions = std::move(questions);
  round->heard = std::move(heard);
  round->done = std::move(done);
  const size_t first = std::min(kQuestionsAtOnce, round->left);
  for (size_t i = 0; i < first; i++) ask_next(conversation, round);
}

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
