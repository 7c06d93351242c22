// Result<T, E>: a value or an error, and the two macros that go with it. E is each layer's own
// error type (storage::Error below the registry, engine::Status above it). Not a std::expected
// because g++ 12 has none. Thread: a value; no sharing. Owns: its value or its error.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

namespace storage {

struct Unit {
  bool operator==(const Unit&) const = default;
};

template <class T, class E>
class [[nodiscard]] Result {
  static_assert(!std::is_same_v<T, E>,
                "a Result whose value and error have one type cannot tell them apart");

 public:
  using Value = T;
  using Error = E;

  template <class U = T>
  requires(std::is_convertible_v<U&&, T> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
           !std::is_same_v<std::remove_cvref_t<U>, E>) Result(U&& value)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  E& error() & { return std::get<1>(state_); }
  const E& error() const& { return std::get<1>(state_); }
  E&& error() && { return std::get<1>(std::move(state_)); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, E> state_;
};

[[noreturn]] inline void must_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "MUST failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace storage

// Passes an error up to the caller, or gives the value.
#define TRY(expression)                                      \
  ({                                                         \
    auto&& try_result_ = (expression);                       \
    if (!try_result_) return std::move(try_result_).error(); \
    std::move(try_result_).value();                          \
  })

// For what cannot fail; the line above it says why. Ends the process where it does.
#define MUST(expression)                                                        \
  ({                                                                            \
    auto&& must_result_ = (expression);                                         \
    if (!must_result_) ::storage::must_failed(#expression, __FILE__, __LINE__); \
    std::move(must_result_).value();                                            \
  })
