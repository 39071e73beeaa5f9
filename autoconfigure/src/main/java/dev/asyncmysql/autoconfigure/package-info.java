/**
 * The wiring, and nothing else.
 */
@NullMarked
package dev.asyncmysql.autoconfigure;

import org.jspecify.annotations.NullMarked;
