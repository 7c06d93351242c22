// Lifetime: an answer that comes after its asker is gone is dropped. A member of whoever asks;
// `guard` wraps the handler. Thread: the one thread. Owns: a token.
#pragma once

#include <memory>
#include <utility>

namespace web {

class Lifetime {
 public:
  Lifetime() = default;
  Lifetime(const Lifetime&) = delete;
  Lifetime& operator=(const Lifetime&) = delete;
  template <class F>
  auto guard(F f) const {
    return [weak = std::weak_ptr<char>(token_), f = std::move(f)](auto&&... args) mutable {
      if (!weak.expired()) f(std::forward<decltype(args)>(args)...);
    };
  }

 private:
  std::shared_ptr<char> token_ = std::make_shared<char>();
};

}  // namespace web
