#include "tests/support/sim_env.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace tests {

namespace {

// Unwinds a task that will never run again because its run was given up.
struct Abandoned {};

}  // namespace

struct SimEnv::Actor {
  uint64_t id = 0;
  Why why = Why::ready;
  storage::Instant until{};         // of sleeping and waiting
  SimGate* gate = nullptr;          // of waiting
  std::string where = "not begun";  // the last point it passed
  storage::Task task;
  std::thread thread;
  std::condition_variable turn;
};

class SimEnv::SimGate final : public storage::Gate {
 public:
  explicit SimGate(SimEnv& env) : env_(env) {}
  uint64_t seen() override {
    std::lock_guard lock(env_.mutex_);
    return count_;
  }
  bool wait(uint64_t seen, storage::Instant deadline) override {
    std::unique_lock lock(env_.mutex_);
    Actor* me = env_.self();
    env_.note("gate.wait");
    while (count_ == seen && env_.now_ < deadline) {
      if (me == nullptr) throw std::logic_error("a gate was waited for outside of the simulation");
      me->why = Why::waiting;
      me->until = deadline;
      me->gate = this;
      me->where = "gate.wait";
      env_.pass_on(lock, *me);
    }
    return count_ != seen;
  }
  void open() override {
    std::lock_guard lock(env_.mutex_);
    count_++;
    for (auto& actor : env_.actors_) {
      if (actor->why != Why::waiting || actor->gate != this) continue;
      actor->why = Why::ready;
      actor->gate = nullptr;
    }
  }

 private:
  SimEnv& env_;
  uint64_t count_ = 0;
};

namespace {
thread_local void* t_actor = nullptr;
}

SimEnv::SimEnv(uint64_t seed) : seed_(seed), random_(seed) {}
SimEnv::~SimEnv() = default;

SimEnv::Actor* SimEnv::self() {
  return static_cast<Actor*>(t_actor);
}

void SimEnv::note(std::string_view point) {
  Actor* me = self();
  auto mix = [&](uint64_t value) { trace_ = (trace_ ^ value) * 1099511628211u; };
  mix(me == nullptr ? 0 : me->id);
  for (char c : point) mix(static_cast<unsigned char>(c));
  if (me != nullptr) me->where = point;
}

void SimEnv::spawn(storage::Task task, storage::Instant at) {
  auto actor = std::make_unique<Actor>();
  Actor* a = actor.get();
  a->id = next_id_++;
  a->task = std::move(task);
  a->why = at <= now_ ? Why::ready : Why::sleeping;
  a->until = at;
  actors_.push_back(std::move(actor));
  a->thread = std::thread([this, a] {
    t_actor = a;
    std::unique_lock lock(mutex_);
    a->turn.wait(lock, [&] { return running_ == a || abandoned_; });
    if (!abandoned_) {
      lock.unlock();
      try {
        a->task();
      } catch (const Abandoned&) {
      }
      a->task = nullptr;
      lock.lock();
    }
    a->why = Why::over;
    if (!abandoned_) pass_on(lock, *a);
  });
}

// Under the lock: who runs next. Time moves on only when nobody is ready.
SimEnv::Actor* SimEnv::choose() {
  for (;;) {
    std::vector<Actor*> ready;
    Actor* first = nullptr;
    for (auto& actor : actors_) {
      if (actor->why == Why::ready) ready.push_back(actor.get());
      bool timed = actor->why == Why::sleeping || actor->why == Why::waiting;
      if (timed && (first == nullptr || actor->until < first->until)) first = actor.get();
    }
    if (!ready.empty()) return ready[draw(ready.size())];
    if (first == nullptr) return nullptr;
    now_ = std::max(now_, first->until);
    for (auto& actor : actors_) {
      bool timed = actor->why == Why::sleeping || actor->why == Why::waiting;
      if (timed && actor->until <= now_) actor->why = Why::ready;
    }
  }
}

void SimEnv::pass_on(std::unique_lock<std::mutex>& lock, Actor& from) {
  Actor* next = choose();
  running_ = next;
  if (next == nullptr) {
    finished_ = true;
    over_.notify_all();
  } else if (next != &from) {
    next->turn.notify_one();
  }
  if (from.why == Why::over || next == &from) return;
  from.turn.wait(lock, [&] { return running_ == &from || abandoned_; });
  if (abandoned_) throw Abandoned();
}

bool SimEnv::run(storage::Task main) {
  std::unique_lock lock(mutex_);
  finished_ = abandoned_ = false;
  stuck_.clear();
  spawn(std::move(main), now_);
  running_ = choose();
  running_->turn.notify_one();
  // A run that makes no progress for this long in real time holds a mutex across a yield.
  bool ended = over_.wait_for(lock, std::chrono::seconds(20), [&] { return finished_; });
  for (auto& actor : actors_)
    if (actor->why != Why::over)
      stuck_ += "task " + std::to_string(actor->id) + " at " + actor->where + "; ";
  if (!ended) {
    std::fprintf(stderr, "seed %lu: no progress: %s\n", static_cast<unsigned long>(seed_),
                 stuck_.c_str());
    std::abort();
  }
  abandoned_ = true;
  for (auto& actor : actors_) actor->turn.notify_one();
  std::vector<std::unique_ptr<Actor>> actors = std::move(actors_);
  lock.unlock();
  for (auto& actor : actors) actor->thread.join();
  return stuck_.empty();
}

storage::Instant SimEnv::now() {
  std::lock_guard lock(mutex_);
  return now_;
}

storage::WallTime SimEnv::wall() {
  std::lock_guard lock(mutex_);
  // 2026-01-01 and the virtual time since.
  return storage::WallTime(std::chrono::seconds(1'767'225'600)) + now_.time_since_epoch();
}

void SimEnv::post(storage::Task task) {
  {
    std::lock_guard lock(mutex_);
    note("post");
    spawn(std::move(task), now_);
  }
  yield("posted");
}

void SimEnv::post_after(storage::Millis delay, storage::Task task) {
  std::lock_guard lock(mutex_);
  note("post_after");
  spawn(std::move(task), now_ + delay);
}

uint64_t SimEnv::random(uint64_t below) {
  std::lock_guard lock(mutex_);
  return draw(below);
}

void SimEnv::random_secret(std::span<std::byte> out) {
  std::lock_guard lock(mutex_);
  for (std::byte& b : out) b = static_cast<std::byte>(random_());
}

bool SimEnv::fault(std::string_view point) {
  std::lock_guard lock(mutex_);
  auto found = faults_.find(point);
  if (found == faults_.end()) found = faults_.find("");
  if (found == faults_.end() || found->second == 0) return false;
  note(point);
  return draw(1000) < found->second;
}

void SimEnv::yield(std::string_view point) {
  std::unique_lock lock(mutex_);
  Actor* me = self();
  if (me == nullptr || running_ != me) return;
  note(point);
  pass_on(lock, *me);
}

std::unique_ptr<storage::Gate> SimEnv::make_gate() {
  return std::make_unique<SimGate>(*this);
}

std::string simulate(uint64_t first, uint64_t count,
                     const std::function<std::string(SimEnv&)>& test) {
  if (const char* one = std::getenv("SIM_SEED")) {
    first = std::strtoull(one, nullptr, 10);
    count = 1;
  }
  for (uint64_t seed = first; seed < first + count; seed++) {
    SimEnv env(seed);
    std::string wrong = test(env);
    if (!wrong.empty())
      return "seed " + std::to_string(seed) + ": " + wrong +
             "\n  replay: SIM_SEED=" + std::to_string(seed) + " and the same test";
  }
  return {};
}

}  // namespace tests
