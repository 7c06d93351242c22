// Conversation: what one request of a client asks a cluster, question by question, until it is
// answered once; and PlacedKind, a kind as a cluster serves it that this server's own API may not.
// Thread: any. Owns: whatever a question needs lives until its answer came.
// Errors: what the cluster refused, or 503 and 504 from the way to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kinds/kind.h"

namespace engine {

struct Call;

struct ClusterQuestion {
  // As whom: the one who asks, or the server, which alone may see all namespaces of a project.
  enum class As : uint8_t { user, server };
  std::string method = "GET";
  std::string target;  // /api/v1/namespaces/default
  std::string body = {};
  std::string content_type = "application/json";
  As as = As::user;
  std::string accept = "application/json";
};

class Conversation {
 public:
  virtual ~Conversation() = default;
  // Also when the kind is not of this server's own API. Null: nothing of this kind is asked for.
  virtual const KindPtr& kind() const = 0;
  virtual const Call& call() const = 0;

  using Heard = std::function<void(Result<Json>)>;
  virtual void ask(ClusterQuestion question, Heard heard) = 0;
  // Lives as long as the conversation, which ends after its answer.
  virtual void keep(std::shared_ptr<void> thing) = 0;
};
using Done = std::function<void(Result<Unit>)>;

// Asks them all, kQuestionsAtOnce at a time. `heard` gets each answer with the question's place,
// never two at once, and must not ask itself; `done` comes after the last.
inline constexpr size_t kQuestionsAtOnce = 8;
void ask_all(Conversation& conversation, std::vector<ClusterQuestion> questions,
             std::function<void(size_t, Result<Json>)> heard, std::function<void()> done);

// /apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME, as much of it as there is.
std::string target_of(const Kind& kind, std::string_view ns, std::string_view name);

// Enough of a kind to ask another cluster for it; its schema takes everything.
KindPtr make_placed_kind(std::string group, std::string version, std::string kind,
                         std::string plural, Scope scope);

}  // namespace engine
