// DeleteDialog: asks before anything is deleted, names what goes, and for clusters wants the name
// typed. Then deletes one after the other and tells what was refused. Thread: the one thread. Owns:
// the question.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "web/widgets/controls.h"

namespace web {

class App;

struct DeleteTarget {
  std::string name, url;
};
struct DeleteOptions {
  bool type_name = false;
  std::string words;
  std::string verb = "Delete";
  std::function<void()> done;
};

class DeleteDialog {
 public:
  void ask(std::string what, std::vector<DeleteTarget> targets, DeleteOptions options = {});
  void draw(App& app);

 private:
  void run(App& app);
  std::string what_, typed_;
  std::vector<DeleteTarget> targets_;
  DeleteOptions options_;
  bool opening_ = false;
};

}  // namespace web
