/**
 * Tests.
 */
@NullMarked
package dev.asyncmysql.autoconfigure;

import org.jspecify.annotations.NullMarked;
