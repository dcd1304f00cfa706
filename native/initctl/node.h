#ifndef HEARTWOOD_INITCTL_NODE_H
#define HEARTWOOD_INITCTL_NODE_H

/*
 * Replaces the process by Node with BUNDLE.js of the built programs and the same arguments. Returns only when that cannot be, with the exit status.
 *
 * `no_manager`: why no manager could be asked, or NULL; the Node client says it when the verb cannot do without.
 */
int run_in_node(const char *bundle, const char *program, int argc, char **argv, const char *no_manager);

#endif
