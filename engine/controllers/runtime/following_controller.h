// FollowingController: a SingleController that hears of kinds through informers of its own, which
// end before its queue does. Thread: as SingleController. Owns: its client and informers.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/controllers/controller_set.h"
#include "engine/controllers/runtime/informer.h"

namespace engine {

class FollowingController : public SingleController {
 public:
  // A derived class calls it in its destructor too: no event comes after.
  void stop() override {
    informers_.clear();
    SingleController::stop();
  }

 protected:
  FollowingController(const ControllerSet& set, const std::string& name)
      : SingleController(set.context().env, {name, 1}),
        env_(set.context().env),
        registry_(set.context().registry),
        dispatcher_(set.context().dispatcher),
        client_(set.client(name)) {}

  // Every change of the kind's objects, beginning with what is there.
  void follow(const KindPtr& kind, Informer::Listener listener) {
    informers_.push_back(std::make_unique<Informer>(env_, *client_, kind, Dispatcher::Interest{},
                                                    std::move(listener)));
    informers_.back()->start();
  }

  storage::Env& env_;
  Registry& registry_;
  Dispatcher& dispatcher_;
  const std::unique_ptr<Client> client_;

 private:
  std::vector<std::unique_ptr<Informer>> informers_;
};

}  // namespace engine
