# paddock_embed(target symbol file): the file's bytes in the program, without a compiler reading them, as
#   extern "C" const unsigned char SYMBOL_begin[], SYMBOL_end[];
function(paddock_embed target symbol file)
  set(source ${CMAKE_BINARY_DIR}/embed/${symbol}.S)
  file(CONFIGURE OUTPUT ${source} CONTENT ".section .rodata
.global ${symbol}_begin
.global ${symbol}_end
.balign 16
${symbol}_begin:
.incbin \"${file}\"
${symbol}_end:
.byte 0
.section .note.GNU-stack,\"\",@progbits
" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(${target} PRIVATE ${source})
endfunction()
