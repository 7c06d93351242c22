#include "storage/kv/errors.h"

#include <utility>

namespace storage {

std::string_view reason_name(Reason reason) {
  switch (reason) {
    case Reason::conflict:
      return "conflict";
    case Reason::compacted:
      return "compacted";
    case Reason::future:
      return "future";
    case Reason::too_large:
      return "too_large";
    case Reason::no_space:
      return "no_space";
    case Reason::unavailable:
      return "unavailable";
    case Reason::uncertain:
      return "uncertain";
    case Reason::corrupt:
      return "corrupt";
    case Reason::newer_version:
      return "newer_version";
    case Reason::locked:
      return "locked";
    case Reason::io:
      return "io";
  }
  return "unknown";
}

Error conflict(std::string key, Revision expected, Revision actual) {
  std::string message = "key " + key + ": expected ";
  message +=
      expected == kAbsent ? "that it does not exist" : "revision " + std::to_string(expected);
  message +=
      actual == kAbsent ? ", but it does not exist" : ", but it is at " + std::to_string(actual);
  return {Reason::conflict, std::move(message), std::move(key), actual};
}

Error compacted_error(Revision asked, Revision oldest) {
  return {Reason::compacted,
          "revision " + std::to_string(asked) + " has been compacted; the oldest kept is " +
              std::to_string(oldest),
          {},
          oldest};
}

Error future_error(Revision asked, Revision current) {
  return {Reason::future,
          "revision " + std::to_string(asked) + " has not been written yet; the newest is " +
              std::to_string(current),
          {},
          current};
}

Error too_large(std::string what, size_t bytes, size_t bytes_max, std::string key) {
  return {Reason::too_large,
          std::move(what) + ": " + std::to_string(bytes) + " is over the limit of " +
              std::to_string(bytes_max),
          std::move(key)};
}

Error unavailable(std::string why) {
  return {Reason::unavailable, std::move(why)};
}

Error uncertain(std::string why) {
  return {Reason::uncertain, std::move(why) + "; the write may or may not have happened"};
}

}  // namespace storage
