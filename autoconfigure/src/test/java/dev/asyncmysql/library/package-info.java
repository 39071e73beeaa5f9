/**
 * An application as users write one, for tests of what Boot builds on the starter.
 */
@NullMarked
package dev.asyncmysql.library;

import org.jspecify.annotations.NullMarked;
