// Settings: what this server's settings say now, for code that acts by them: the value, or its
// default where it has none. Cheap enough to be asked at each use, so that a change counts at once.
// Thread: any. Owns: nothing but references.
#pragma once

#include <string>
#include <string_view>

#include "engine/watch/watch_cache.h"

namespace engine {

class Settings {
 public:
  Settings(Dispatcher& dispatcher, KindSet& kinds) : dispatcher_(dispatcher), kinds_(kinds) {}

  // Empty when there is no such setting (yet).
  std::string value(std::string_view name) const;
  // `otherwise` where the value is no number, or less than 0.
  int64_t number(std::string_view name, int64_t otherwise) const;
  bool truth(std::string_view name, bool otherwise) const;

 private:
  Dispatcher& dispatcher_;
  KindSet& kinds_;
};

}  // namespace engine
