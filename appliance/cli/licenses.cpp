#include <cstdio>

#include "appliance/assets/licenses.h"
#include "appliance/cli/command.h"

namespace appliance {

void register_licenses(CommandSet& set) {
  set.add({.name = "licenses",
           .summary = "Print what is inside this program, and under which licences",
           .description = "",
           .options = {{.name = "full",
                        .value_name = "",
                        .otherwise = "false",
                        .help = "print each licence's whole text"}},
           .run = [](const Arguments& arguments) {
             std::string text = arguments.on("full") ? licence_texts() : licence_list();
             std::fwrite(text.data(), 1, text.size(), stdout);
             return 0;
           }});
}

}  // namespace appliance
