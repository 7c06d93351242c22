// NamespaceFilter: which namespaces the lists of a cluster show; one choice for all of its lists,
// in the address too. Thread: the one thread. Owns: the text of its own filter.
#pragma once

#include <string>

#include "web/pages/route.h"
#include "web/widgets/ui.h"

namespace web {

class App;

class NamespaceFilter {
 public:
  void read(App& app, const std::string& cluster, const Route& route);
  void open() { opening_ = true; }
  float draw(App& app, const std::string& cluster, float x, float y,
             float width_max);  // returns its width
  std::string joined(App& app, const std::string& cluster) const;

 private:
  std::string filter_;
  bool opening_ = false;
};

}  // namespace web
