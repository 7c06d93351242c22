// A namespace's own limits: what it gets of its project's quota, and what its containers get that
// ask for nothing. Thread: the one thread. Owns: what is typed.
#pragma once

#include <string>
#include <vector>

#include "web/pages/namespaces.h"

namespace web {

class LimitsDialog {
 public:
  void ask(App& app, std::string cluster, std::string name);
  void draw(App& app);

 private:
  struct Row {
    std::string id, label, hint, value, most, was;
    double left = -1;  // what the project has for it; below 0: not known
  };
  std::string problem(const Row& row) const;
  void grid(std::vector<Row>& rows, float x, float& y, float w);
  void save(App& app);

  std::string cluster_, name_, error_;
  std::vector<Row> quota_, containers_;
  bool opening_ = false, busy_ = false, done_ = false;
  Lifetime alive_;
};

}  // namespace web
