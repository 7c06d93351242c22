// DeadlineWheel: deadlines of many connections at O(1) each: a ring of slots of 100 ms. A node that
// should fire later than its slot says is simply put in again when the slot comes, so that moving a
// deadline further away costs nothing. Thread: one. Owns: nothing; nodes are linked, not held.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "storage/base/env.h"

namespace appliance {

struct DeadlineNode {
  DeadlineNode* wheel_next = nullptr;
  DeadlineNode* wheel_previous = nullptr;
  int64_t wheel_tick = 0;
};

class DeadlineWheel {
 public:
  static constexpr int64_t kTickNs = 100'000'000;
  static constexpr int64_t kSlots = 1024;

  explicit DeadlineWheel(storage::Instant now) : tick_(tick_of(now)) {
    for (auto& slot : slots_) slot.wheel_next = slot.wheel_previous = &slot;
  }

  // Puts the node in, or moves it so that it fires no later than `at` (rounded up to a tick).
  void put(DeadlineNode& node, storage::Instant at) {
    int64_t tick = std::min(std::max(tick_of(at) + 1, tick_ + 1), tick_ + kSlots - 1);
    if (node.wheel_next) {
      if (node.wheel_tick <= tick) return;
      take(node);
    }
    node.wheel_tick = tick;
    DeadlineNode& slot = slots_[static_cast<size_t>(tick % kSlots)];
    node.wheel_next = &slot;
    node.wheel_previous = slot.wheel_previous;
    slot.wheel_previous->wheel_next = &node;
    slot.wheel_previous = &node;
    ++size_;
  }

  void take(DeadlineNode& node) {
    if (!node.wheel_next) return;
    node.wheel_next->wheel_previous = node.wheel_previous;
    node.wheel_previous->wheel_next = node.wheel_next;
    node.wheel_next = node.wheel_previous = nullptr;
    --size_;
  }

  // Takes out each node whose slot has come and gives it to `fire`, which may put it in again.
  template <class Fire>
  void advance(storage::Instant now, Fire&& fire) {
    int64_t target = tick_of(now);
    while (tick_ < target) {
      ++tick_;
      DeadlineNode& slot = slots_[static_cast<size_t>(tick_ % kSlots)];
      while (slot.wheel_next != &slot) {
        DeadlineNode& node = *slot.wheel_next;
        take(node);
        fire(node);
      }
    }
  }

  // Visits every node; `visit` may take out the one it is given.
  template <class Visit>
  void each(Visit&& visit) {
    for (auto& slot : slots_) {
      for (DeadlineNode* node = slot.wheel_next; node != &slot;) {
        DeadlineNode* next = node->wheel_next;
        visit(*node);
        node = next;
      }
    }
  }

  size_t size() const { return size_; }

 private:
  static int64_t tick_of(storage::Instant at) { return at.time_since_epoch().count() / kTickNs; }

  std::array<DeadlineNode, kSlots> slots_;
  int64_t tick_;
  size_t size_ = 0;
};

}  // namespace appliance
