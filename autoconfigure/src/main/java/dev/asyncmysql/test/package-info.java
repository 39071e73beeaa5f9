/**
 * For the tests of applications.
 */
@NullMarked
package dev.asyncmysql.test;

import org.jspecify.annotations.NullMarked;
