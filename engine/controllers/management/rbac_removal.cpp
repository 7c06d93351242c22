#include "engine/controllers/management/rbac_removal.h"

#include <deque>
#include <mutex>
#include <set>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/controllers/management/downstream_core.h"
#include "engine/controllers/management/rbac_content.h"

namespace engine {
namespace {

constexpr storage::Millis kCallMost{2'500};
// What somebody began to write before we left may still come once.
constexpr int kRoundsMax = 4;

class Sweep final : public std::enable_shared_from_this<Sweep> {
 public:
  Sweep(storage::Env& env, std::shared_ptr<Transport> transport, storage::Millis within,
        std::function<void(RbacRemoval)> done)
      : env_(env),
        transport_(std::move(transport)),
        deadline_(env.now() + within),
        done_(std::move(done)) {}

  void begin() {
    {
      std::lock_guard lock(mutex_);
      next_round();
    }
    go_on();
  }

 private:
  struct Step {
    RbacKind kind;
    std::string name;  // "NS/NAME" of an object to remove; empty: list the kind
    std::string more;  // of a list
  };

  // Under the lock. Bindings grant, roles alone do not: they go last.
  void next_round() {
    found_ = 0;
    ++rounds_;
    for (RbacKind kind :
         {RbacKind::cluster_binding, RbacKind::binding, RbacKind::role, RbacKind::cluster_role})
      steps_.push_back({kind, "", ""});
  }

  void go_on() {
    std::vector<Step> begin;
    bool end = false;
    {
      std::lock_guard lock(mutex_);
      if (!done_) return;
      if (env_.now() >= deadline_ && problem_.empty()) problem_ = "it took too long";
      if (problem_.empty() && steps_.empty() && in_flight_ == 0 && found_ > 0) {
        if (rounds_ < kRoundsMax)
          next_round();
        else
          problem_ = "somebody makes them again";
      }
      while (problem_.empty() && !steps_.empty() && in_flight_ < limits::kDownstreamWritesMax) {
        ++in_flight_;
        begin.push_back(std::move(steps_.front()));
        steps_.pop_front();
      }
      end = begin.empty() && (in_flight_ == 0 || !problem_.empty());
    }
    for (Step& step : begin) call(std::move(step));
    if (end) finish();
  }

  void call(Step step) {
    ClusterCall what;
    what.timeout = std::min<storage::Millis>(
        kCallMost,
        std::max(storage::Millis(1), std::chrono::ceil<storage::Millis>(deadline_ - env_.now())));
    if (step.name.empty()) {
      what.target = rbac_target({step.kind, "", ""}, false) + "?limit=500&labelSelector=" +
                    percent_escaped(std::string(kMadeByLabel) + "=" + std::string(kMadeBy));
      if (!step.more.empty()) what.target += "&continue=" + percent_escaped(step.more);
    } else {
      what.method = "DELETE";
      const size_t slash = step.name.find('/');
      what.target = rbac_target(
          {step.kind, std::string_view(step.name).substr(0, slash), step.name.substr(slash + 1)},
          true);
    }
    transport_->call(std::move(what), [self = shared_from_this(), step = std::move(step)](
                                          const Result<Response>& answer) mutable {
      {
        std::lock_guard lock(self->mutex_);
        --self->in_flight_;
        self->take(step, answer);
      }
      self->env_.post([self] { self->go_on(); });
    });
  }

  // Under the lock.
  void take(const Step& step, const Result<Response>& answer) {
    if (!answer || (answer->status >= 300 && answer->status != 404)) {
      if (problem_.empty())
        problem_ = answer ? status_of(*answer).message() : answer.error().message();
      return;
    }
    if (!step.name.empty()) {
      ++removed_;
      return;
    }
    auto page = parse_json(answer->body);
    const Json* items = page ? page->find("items") : nullptr;
    if (!items || !items->is_array()) {
      problem_ = "a list of the cluster cannot be read";
      return;
    }
    std::string more(page->str({"metadata", "continue"}));
    if (!more.empty()) steps_.push_front({step.kind, "", std::move(more)});
    for (const Json& item : items->as_array()) {
      ++found_;
      steps_.push_front({step.kind,
                         std::string(item.str({"metadata", "namespace"})) + "/" +
                             std::string(item.str({"metadata", "name"})),
                         ""});
    }
  }

  void finish() {
    std::function<void(RbacRemoval)> done;
    RbacRemoval out;
    {
      std::lock_guard lock(mutex_);
      done = std::exchange(done_, nullptr);
      out = {removed_, problem_};
    }
    if (done) done(std::move(out));
  }

  storage::Env& env_;
  const std::shared_ptr<Transport> transport_;
  const storage::Instant deadline_;
  std::mutex mutex_;  // guards what follows
  std::function<void(RbacRemoval)> done_;
  std::deque<Step> steps_;
  size_t in_flight_ = 0, removed_ = 0, found_ = 0;  // found: in this round
  int rounds_ = 0;
  std::string problem_;
};

}  // namespace

void remove_rbac(storage::Env& env, std::shared_ptr<Transport> transport, storage::Millis within,
                 std::function<void(RbacRemoval)> done) {
  std::make_shared<Sweep>(env, std::move(transport), within, std::move(done))->begin();
}

}  // namespace engine
